import type { JobMetrics } from '@/api/types';
import { decimal, integer, memory, percent, scientific } from '@/lib/format';

export interface Trend {
  direction: 'flat' | 'up' | 'down';
  /** Absent where neither direction is better. */
  good?: boolean;
  text: string;
}

/** Figures that are better when they fall. */
const FALLING = new Set<keyof JobMetrics>(['trainingLoss', 'validationLoss', 'perplexity']);
/** Figures that are better when they rise. */
const RISING = new Set<keyof JobMetrics>(['throughput', 'gpuUtilization']);

/** The change of a figure since the update before; changes below 1 % count as none. */
export function trend(key: keyof JobMetrics, now: number | undefined, before: number | undefined): Trend | undefined {
  if (now === undefined || before === undefined || before === 0) return undefined;
  const change = (100 * (now - before)) / Math.abs(before);
  if (Math.abs(change) < 1) return { direction: 'flat', text: `~${percent(Math.abs(change))}` };
  const direction = change > 0 ? 'up' : 'down';
  const judged = FALLING.has(key) || RISING.has(key);
  const good = direction === 'down' ? FALLING.has(key) : RISING.has(key);
  return { direction, text: percent(Math.abs(change), 1), ...(judged && { good }) };
}

export interface MetricRow {
  key: keyof JobMetrics;
  label: string;
  value: string;
  note?: string;
  trend?: Trend | undefined;
}

/** The rows of the metrics table: what has been measured, and nothing else. */
export function metricRows(
  now: JobMetrics | undefined,
  before: JobMetrics | undefined,
  memoryTotalBytes: number | undefined,
): MetricRow[] {
  if (!now) return [];
  const row = (key: keyof JobMetrics, label: string, show: (value: number) => string, trended = true): MetricRow[] => {
    const value = now[key];
    if (value === undefined) return [];
    return [{ key, label, value: show(value), trend: trended ? trend(key, value, before?.[key]) : undefined }];
  };
  const inUse = row('memoryBytes', memoryTotalBytes ? 'GPU Memory' : 'Memory, Peak', memory, false).map((found) =>
    memoryTotalBytes && now.memoryBytes !== undefined
      ? {
          ...found,
          value: `${found.value} / ${memory(memoryTotalBytes)}`,
          note: `(${percent((100 * now.memoryBytes) / memoryTotalBytes)})`,
        }
      : found,
  );
  return [
    ...row('trainingLoss', 'Training Loss', (value) => decimal(value, 4)),
    ...row('validationLoss', 'Validation Loss', (value) => decimal(value, 4)),
    ...row('learningRate', 'Learning Rate', (value) => (value < 1e-5 ? scientific(value) : decimal(value, 6))),
    ...row('gradientNorm', 'Gradient Norm', (value) => decimal(value, 3)),
    ...row('gpuUtilization', 'GPU Utilization', (value) => percent(value)),
    ...inUse,
    ...row('perplexity', 'Perplexity', (value) => decimal(value, 2)),
    ...row('throughput', 'Tokens/Second', integer),
  ];
}
