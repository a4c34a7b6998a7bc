import { expect, it } from 'vitest';
import { shown } from './shown';

const list = (length: number, total: number) => ({
  datasets: Array.from({ length }),
  total,
  stats: { totalDatasets: 60 },
});

it.each([
  [list(24, 60), false, 'Showing 24 of 60 datasets'],
  [list(2, 2), false, 'Showing 2 of 60 datasets'],
  [list(24, 30), false, 'Showing 24 of 60 datasets (30 match)'],
  [list(1, 1), true, 'Showing 1 of 1 deleted dataset'],
  [{ ...list(0, 0), stats: undefined }, false, 'Showing 0 of 0 datasets'],
])('says how many are shown: %#', (listed, deleted, text) => expect(shown(listed, deleted)).toBe(text));
