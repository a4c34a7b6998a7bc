/** How the points of a loss curve are prepared for the eye. */
import type { MetricsPoint } from '@/api/types';

export interface PlotPoint {
  step: number;
  trainingLoss?: number | undefined;
  validationLoss?: number | undefined;
  /** The training loss, smoothed. */
  smoothed?: number | undefined;
}

/** First and last step of the points. */
export function extent(points: MetricsPoint[]): { first: number; last: number } | undefined {
  const [first, last] = [points[0]?.step, points.at(-1)?.step];
  return first === undefined || last === undefined ? undefined : { first, last };
}

/**
 * Exponential moving average of the training loss with weight `smooth` on what came before. The first values are divided by the weights
 * that they really have, so that the curve does not begin at zero (as Adam corrects its moments, Kingma and Ba 2015, section 3).
 */
export function smoothed(points: MetricsPoint[], smooth: number): (number | undefined)[] {
  let mean = 0;
  let weight = 0;
  return points.map(({ trainingLoss }) => {
    if (trainingLoss === undefined) return undefined;
    mean = smooth * mean + (1 - smooth) * trainingLoss;
    weight = smooth * weight + (1 - smooth);
    return mean / weight;
  });
}

/** The points of the shown steps. They are smoothed before they are cut, so that zooming does not change the curve. */
export function plotPoints(
  points: MetricsPoint[],
  { smooth = 0, from, to, log = false }: { smooth?: number; from?: number; to?: number; log?: boolean },
): PlotPoint[] {
  const means = smooth > 0 ? smoothed(points, smooth) : [];
  // A logarithm has no place for zero and below.
  const shown = (value: number | undefined) => (log && value !== undefined && value <= 0 ? undefined : value);
  return points
    .map(({ step, trainingLoss, validationLoss }, index) => ({
      step,
      trainingLoss: shown(trainingLoss),
      validationLoss: shown(validationLoss),
      smoothed: shown(means[index]),
    }))
    .filter(({ step }) => (from === undefined || step >= from) && (to === undefined || step <= to));
}

const COLUMNS = [
  'step',
  'epoch',
  'trainingLoss',
  'validationLoss',
  'learningRate',
  'gradientNorm',
  'throughput',
  'gpuUtilization',
  'memoryBytes',
  'timestamp',
] as const satisfies (keyof MetricsPoint)[];

/** Every figure of a run as a table with commas. */
export function toCsv(points: MetricsPoint[]): string {
  const rows = points.map((point) => COLUMNS.map((column) => point[column] ?? '').join(','));
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}

/** At most `most` points, spread evenly, the first and the last among them. */
export function spread<T>(points: T[], most: number): T[] {
  if (points.length <= most) return points;
  const every = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * every)]).filter((point) => point !== undefined);
}
