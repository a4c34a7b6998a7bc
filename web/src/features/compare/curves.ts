/** The loss curves of several runs in one plot. */
import type { MetricsPoint } from '@/api/types';

const KEYS = ['trainingLoss', 'validationLoss'] as const;
export type LossKey = (typeof KEYS)[number];

/** One step with the losses of every run that has a point there; `training0` is the first run's training loss. */
export type MergedPoint = { step: number } & Partial<Record<string, number>>;

export const dataKey = (key: LossKey, run: number) => `${key}${run}`;

/** The points of all runs by step. */
export function mergeCurves(runs: MetricsPoint[][], { log = false }: { log?: boolean } = {}): MergedPoint[] {
  const steps = new Map<number, MergedPoint>();
  for (const [run, points] of runs.entries()) {
    for (const point of points) {
      const merged = steps.get(point.step) ?? { step: point.step };
      steps.set(point.step, merged);
      for (const key of KEYS) {
        const value = point[key];
        // A logarithm has no place for zero and below.
        if (value !== undefined && !(log && value <= 0)) merged[dataKey(key, run)] = value;
      }
    }
  }
  return [...steps.values()].sort((a, b) => a.step - b.step);
}
