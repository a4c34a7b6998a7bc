import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';

/** The latest events of the pipeline, newest first. */
export const activityQuery = queryOptions({
  queryKey: ['activity'],
  queryFn: async ({ signal }) =>
    (await ok(api.GET('/api/activity', { params: { query: { limit: 6 } }, signal }))).data.activity,
});
