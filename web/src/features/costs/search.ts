/** What the address says about which costs are shown. */
import type { CostsQuery } from '@/api/costs';
import type { User } from '@/api/types';
import { GROUPINGS, type Grouping, isDay, RANGES, type Range, spanOf } from './span';

export interface CostsSearch {
  by: Grouping;
  range: Range;
  from?: string | undefined;
  to?: string | undefined;
  /** Only one's own, where one sees everybody's. */
  mine?: true | undefined;
  /** Only this account's, where one sees everybody's. */
  user?: string | undefined;
  /** Only this job. */
  job?: string | undefined;
  /** Of the list of jobs. */
  page: number;
}

export const DEFAULTS = { by: 'day', range: '30d', page: 1 } as const satisfies CostsSearch;

/** Reads what it knows and drops the rest. */
export function parseCostsSearch(raw: { [K in keyof CostsSearch]?: unknown }): CostsSearch {
  return {
    by: GROUPINGS.find((by) => by === raw.by) ?? DEFAULTS.by,
    range: RANGES.find((range) => range === raw.range) ?? DEFAULTS.range,
    ...(isDay(raw.from) && { from: raw.from }),
    ...(isDay(raw.to) && { to: raw.to }),
    ...(raw.mine === true && { mine: true }),
    ...(typeof raw.user === 'string' && raw.user && { user: raw.user }),
    ...(typeof raw.job === 'string' && raw.job && { job: raw.job }),
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
  };
}

/** What the API is asked for, in the reader's time zone. */
export function queryOf(search: CostsSearch, day: string): CostsQuery {
  const { startDate, endDate } = spanOf(search.range, day, { startDate: search.from, endDate: search.to });
  return {
    groupBy: search.by,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(startDate && { startDate }),
    ...(endDate && { endDate }),
    ...(search.mine && !search.user && { scope: 'mine' as const }),
    ...(search.user && { userId: search.user }),
    ...(search.job && { jobId: search.job }),
  };
}

/** Whether a role sees everybody's costs. */
export const seesAllCosts = (role: User['role'] | undefined): boolean => role === 'admin' || role === 'billing_admin';
