import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from './client';
import type {
  Catalogue,
  Estimate,
  GpuConfig,
  Hyperparameters,
  Job,
  JobDetail,
  JobStatus,
  LogLine,
  MetricsPoint,
  Pagination,
  PresetId,
} from './types';

/** Jobs that are accepted and have not ended. */
export const isLive = (status: JobStatus) => status === 'queued' || status === 'initializing' || status === 'running';

/** Jobs that a cluster works on. */
export const isRunning = (status: JobStatus) => status === 'initializing' || status === 'running';

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }) => (await call<Catalogue>('GET', '/api/catalogue', { signal })).data,
});

export const jobsQuery = (query: { status?: JobStatus; page?: number; pageSize?: number }) =>
  queryOptions({
    queryKey: ['jobs', 'list', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await call<{ jobs: Job[] }, { pagination: Pagination }>('GET', '/api/jobs', {
        query: { ...query },
        signal,
      });
      return { jobs: data.jobs, total: meta.pagination.total, hasMore: meta.pagination.hasMore };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.jobs.some((job) => isLive(job.status)) ? 3000 : 15_000),
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', 'detail', id],
    queryFn: async ({ signal }) => (await call<{ job: JobDetail }>('GET', `/api/jobs/${id}`, { signal })).data.job,
  });

/** The loss curve, thinned out so that extremes survive. */
export const metricsQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', 'metrics', id],
    queryFn: async ({ signal }) =>
      (await call<{ metrics: MetricsPoint[] }>('GET', `/api/jobs/${id}/metrics`, { query: { points: 500 }, signal }))
        .data.metrics,
  });

export const logsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['jobs', 'logs', id],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) =>
      (
        await call<{ logs: LogLine[]; nextCursor?: string | null }>('GET', `/api/jobs/${id}/logs`, {
          query: { cursor: pageParam, limit: 200 },
          signal,
        })
      ).data,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

export interface EstimateRequest {
  datasetId: string;
  baseModel?: string;
  hyperparameters: Hyperparameters;
  gpuConfig: GpuConfig;
}

export const estimateQuery = (request: EstimateRequest) =>
  queryOptions({
    queryKey: ['jobs', 'estimate', request],
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await call<Estimate>('POST', '/api/jobs/estimate', { body: request, signal })).data,
  });

export interface CreateJobRequest extends EstimateRequest {
  name?: string;
  presetId: PresetId;
  maxDurationHours: number;
}

export async function createJob(body: CreateJobRequest): Promise<{ jobId: string }> {
  return (await call<{ jobId: string }>('POST', '/api/jobs', { body })).data;
}

export async function cancelJob(id: string, reason: string): Promise<{ refundAmount?: number | null }> {
  return (await call<{ refundAmount?: number | null }>('POST', `/api/jobs/${id}/cancel`, { body: { reason } })).data;
}

export async function retryJob(id: string): Promise<void> {
  await call('POST', `/api/jobs/${id}/retry`);
}
