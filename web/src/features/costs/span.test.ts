import { describe, expect, it } from 'vitest';
import { isDay, rowStart, spanOf, today, withGaps } from './span';

const row = (date: string, total = 1) => ({ date, compute: total, storage: 0, dataTransfer: 0, apiCalls: 0, total });

describe('spanOf', () => {
  it('counts today among the days', () => {
    expect(spanOf('30d', '2026-03-02', {})).toEqual({ startDate: '2026-02-01', endDate: '2026-03-02' });
    expect(spanOf('month', '2026-03-02', {}).startDate).toBe('2026-03-01');
    expect(spanOf('year', '2026-03-02', {}).startDate).toBe('2026-01-01');
  });
  it('leaves everything open', () => expect(spanOf('all', '2026-03-02', {})).toEqual({}));
  it('takes what was typed', () => {
    expect(spanOf('custom', '2026-03-02', { startDate: '2025-01-01' })).toEqual({ startDate: '2025-01-01' });
  });
});

describe('days', () => {
  it('knows those of the calendar', () => {
    expect(isDay('2026-02-28')).toBe(true);
    expect(isDay('2026-02-30')).toBe(false);
    expect(isDay('yesterday')).toBe(false);
    expect(isDay(20260228)).toBe(false);
  });
  it('is today where the reader is', () => expect(today(new Date(2026, 0, 31, 23, 59))).toBe('2026-01-31'));
  it('begins weeks on Monday', () => {
    expect(rowStart('2026-03-01', 'week')).toBe('2026-02-23');
    expect(rowStart('2026-03-02', 'week')).toBe('2026-03-02');
    expect(rowStart('2026-03-31', 'month')).toBe('2026-03-01');
  });
});

describe('withGaps', () => {
  const dates = (rows: { date: string }[]) => rows.map(({ date }) => date);
  it('puts in days without costs', () => {
    const filled = withGaps([row('2026-03-02')], 'day', { startDate: '2026-03-01', endDate: '2026-03-03' });
    expect(filled.map(({ total }) => total)).toEqual([0, 1, 0]);
  });
  it('goes by weeks and months from their first day', () => {
    const span = { startDate: '2026-01-15', endDate: '2026-03-03' };
    expect(dates(withGaps([row('2026-02-01')], 'month', span))).toEqual(['2026-01-01', '2026-02-01', '2026-03-01']);
    expect(dates(withGaps([row('2026-02-23')], 'week', { startDate: '2026-02-20', endDate: '2026-03-03' }))).toEqual([
      '2026-02-16',
      '2026-02-23',
      '2026-03-02',
    ]);
  });
  it('keeps a row that begins before the first day', () => {
    const filled = withGaps([row('2026-03-10', 4)], 'month', { startDate: '2026-03-05', endDate: '2026-03-20' });
    expect(filled.map(({ total }) => total)).toEqual([4]);
  });
  it('leaves nothing and very much as they are', () => {
    expect(withGaps([], 'day', { startDate: '2026-03-01', endDate: '2026-03-03' })).toEqual([]);
    expect(withGaps([row('2020-01-01'), row('2026-01-01')], 'day', {})).toHaveLength(2);
  });
});
