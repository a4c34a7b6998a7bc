import { queryOptions } from '@tanstack/react-query';
import { call } from './client';
import type { Costs } from './types';

/** The costs of this month and the one before, a row a month. `today` is an ISO date. */
export const monthlyCostsQuery = (today: string) =>
  queryOptions({
    queryKey: ['costs', 'months', today.slice(0, 7)],
    refetchInterval: 30_000,
    queryFn: async ({ signal }) => {
      const start = new Date(`${today.slice(0, 7)}-01T00:00:00Z`);
      start.setUTCMonth(start.getUTCMonth() - 1);
      const query = { startDate: start.toISOString().slice(0, 10), groupBy: 'month' };
      return (await call<Costs>('GET', '/api/costs', { query, signal })).data;
    },
  });
