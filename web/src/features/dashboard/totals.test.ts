import { expect, it } from 'vitest';
import { jobTotals } from './totals';

it('counts queued jobs among all, and rates only what has ended', () => {
  const counts = { queued: 1, initializing: 1, running: 1, completed: 2, failed: 1, cancelled: 0 };
  const totals = jobTotals(counts);
  expect(totals).toMatchObject({ active: 2, all: 6, completed: 2 });
  expect(totals.successRate).toBeCloseTo(66.67, 1);
  expect(jobTotals({ ...counts, completed: 0, failed: 0 }).successRate).toBeUndefined();
});
