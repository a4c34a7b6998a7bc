import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';

/** This month's costs, against the budget and the month before. */
export const costSummaryQuery = queryOptions({
  queryKey: ['costs', 'summary'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }) => (await ok(api.GET('/api/costs/summary', { signal }))).data,
});
