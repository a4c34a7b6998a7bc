import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

export type TokenView = components['schemas']['TokenView'];
export type TokenPart = components['schemas']['TokenPart'];
export type TokenSegment = components['schemas']['TokenSegment'];

/** How long until the totals are asked for again while they are counted, in milliseconds. */
const AGAIN = 2000;

const again = ({ state }: { state: { data?: TokenView | undefined } }) =>
  state.data && !state.data.totals ? AGAIN : (false as const);

/** An example of a data set as a training on a base model would see it; without one, on the first of the catalogue. */
export const datasetExampleQuery = (id: string, n: number, baseModel: string | undefined) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id, 'examples', baseModel ?? '', n],
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    refetchInterval: again,
    queryFn: async ({ signal }) => {
      const params = { path: { id, n }, query: { ...(baseModel && { baseModel }) } };
      return (await ok(api.GET('/api/datasets/{id}/examples/{n}', { params, signal }))).data;
    },
  });

/** An example as a job sees it, with the job's own base model and settings. */
export const jobExampleQuery = (id: string, n: number) =>
  queryOptions({
    queryKey: ['jobs', 'examples', id, n],
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    refetchInterval: again,
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/jobs/{id}/examples/{n}', { params: { path: { id, n } }, signal }))).data,
  });
