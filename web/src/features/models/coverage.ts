import type { ScaffoldingCell } from '@/api/types';

/** What stands where a pair names no persona or arc. */
const UNNAMED = 'unknown';

/** Shares, in percent, of the pairs that name a persona and that name an emotional arc; nothing where the file names neither. */
export function coverage(cells: ScaffoldingCell[]): { persona: number; arc: number } | undefined {
  const sum = (chosen: ScaffoldingCell[]) => chosen.reduce((total, { pairs }) => total + pairs, 0);
  const all = sum(cells);
  if (all === 0) return undefined;
  return {
    persona: (100 * sum(cells.filter(({ persona }) => persona !== UNNAMED))) / all,
    arc: (100 * sum(cells.filter(({ arc }) => arc !== UNNAMED))) / all,
  };
}
