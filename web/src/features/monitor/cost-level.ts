import { usd } from '@/lib/format';

export type CostLevel = 'normal' | 'warning' | 'exceeded';

/**
 * How far the costs have come along what was estimated: from 80 % on they want attention. They count as exceeded where a reader can see the
 * difference.
 */
export function costLevel(current: number, estimated: number): { percent: number; level: CostLevel } {
  const percent = estimated > 0 ? (100 * current) / estimated : 0;
  if (percent > 100 && usd(current) !== usd(estimated)) return { percent, level: 'exceeded' };
  return { percent: Math.min(percent, 100), level: percent >= 80 ? 'warning' : 'normal' };
}
