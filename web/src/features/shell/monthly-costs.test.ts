import { expect, it } from 'vitest';
import { monthlyCosts } from './monthly-costs';

const row = (date: string, total: number) => ({ date, compute: total, storage: 0, dataTransfer: 0, total });

it('compares this month with the one before', () => {
  const { current, change } = monthlyCosts([row('2026-10-01', 40), row('2026-11-01', 45)], '2026-11-23');
  expect(current.total).toBe(45);
  expect(change).toBe(12.5);
});

it('crosses the year', () => {
  expect(monthlyCosts([row('2025-12', 10), row('2026-01', 5)], '2026-01-31').change).toBe(-50);
});

it('has nothing to compare with in the first month', () => {
  expect(monthlyCosts([], '2026-11-23')).toMatchObject({ change: null, current: { total: 0 } });
});
