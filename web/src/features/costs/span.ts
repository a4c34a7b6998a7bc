/** Stretches of days, and the rows of a cost list within them. */
import type { components } from '@/api/schema';

export type Grouping = components['schemas']['CostGrouping'];
export type CostRow = components['schemas']['CostRow'];

export const GROUPINGS = ['day', 'week', 'month'] as const satisfies Grouping[];
export const RANGES = ['30d', '90d', 'month', 'year', 'all', 'custom'] as const;
export type Range = (typeof RANGES)[number];

/** First and last day as `2026-01-31`; a missing one is open. */
export interface Span {
  startDate?: string | undefined;
  endDate?: string | undefined;
}

const DAY = 86_400_000;
const at = (day: string) => Date.parse(`${day}T00:00:00Z`);
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Whether it is a day of the calendar, as `2026-01-31`. */
export function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = at(value);
  return !Number.isNaN(time) && dayOf(time) === value;
}

/** Today in the reader's time zone. */
export function today(now = new Date()): string {
  return dayOf(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
}

/** The days of a range that ends today; `custom` is what was typed. */
export function spanOf(range: Range, day: string, custom: Span): Span {
  switch (range) {
    case '30d':
      return { startDate: dayOf(at(day) - 29 * DAY), endDate: day };
    case '90d':
      return { startDate: dayOf(at(day) - 89 * DAY), endDate: day };
    case 'month':
      return { startDate: `${day.slice(0, 7)}-01`, endDate: day };
    case 'year':
      return { startDate: `${day.slice(0, 4)}-01-01`, endDate: day };
    case 'all':
      return {};
    case 'custom':
      return custom;
  }
}

/** The first day of the day's row: itself, the Monday before it, or the first of its month. */
export function rowStart(day: string, groupBy: Grouping): string {
  if (groupBy === 'month') return `${day.slice(0, 7)}-01`;
  if (groupBy === 'day') return day;
  const time = at(day);
  return dayOf(time - ((new Date(time).getUTCDay() + 6) % 7) * DAY);
}

function rowAfter(day: string, groupBy: Grouping): string {
  if (groupBy !== 'month') return dayOf(at(day) + (groupBy === 'week' ? 7 : 1) * DAY);
  const date = new Date(at(day));
  return dayOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
}

/** Bars that can be told apart; a longer stretch keeps only the rows that cost something. */
const MOST_BARS = 400;

/** The rows with those between them that cost nothing, which the API leaves out, so that the axis is one of time. */
export function withGaps(rows: CostRow[], groupBy: Grouping, { startDate, endDate }: Span): CostRow[] {
  const [first, last] = [startDate ?? rows[0]?.date, endDate ?? rows.at(-1)?.date];
  if (rows.length === 0 || first === undefined || last === undefined) return rows;
  const known = new Map(rows.map((row) => [rowStart(row.date, groupBy), row]));
  const filled: CostRow[] = [];
  for (let day = rowStart(first, groupBy); day <= last; day = rowAfter(day, groupBy)) {
    if (filled.length >= MOST_BARS) return rows;
    filled.push(known.get(day) ?? { date: day, compute: 0, storage: 0, dataTransfer: 0, apiCalls: 0, total: 0 });
  }
  return filled;
}
