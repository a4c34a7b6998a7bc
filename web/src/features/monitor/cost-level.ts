export type CostLevel = 'normal' | 'warning' | 'exceeded';

/** How far the costs have come along what was estimated: from 80 % on they want attention. */
export function costLevel(current: number, estimated: number): { percent: number; level: CostLevel } {
  const percent = estimated > 0 ? (100 * current) / estimated : 0;
  return { percent, level: percent >= 100 ? 'exceeded' : percent >= 80 ? 'warning' : 'normal' };
}
