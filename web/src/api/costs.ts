import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { operations } from './schema';

/** This month's costs, against the budget and the month before. */
export const costSummaryQuery = queryOptions({
  queryKey: ['costs', 'summary'],
  refetchInterval: 60_000,
  queryFn: async ({ signal }) => (await ok(api.GET('/api/costs/summary', { signal }))).data,
});

export type CostsQuery = NonNullable<operations['listCosts']['parameters']['query']>;

/** Costs by day, week or month. */
export const costsQuery = (query: CostsQuery) =>
  queryOptions({
    queryKey: ['costs', 'list', query],
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    queryFn: async ({ signal }) => (await ok(api.GET('/api/costs', { params: { query }, signal }))).data,
  });

/** Every record behind a list of costs, as a table with commas. */
export async function costsCsv(query: CostsQuery): Promise<Blob> {
  return ok(api.GET('/api/costs/export', { params: { query }, parseAs: 'blob' }));
}
