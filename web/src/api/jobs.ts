import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';
import type { components, operations } from './schema';
import type { CancelReason, EstimateRequest, Job, JobStatus, JobStatusFilter, LogLine, MetricsPoint } from './types';

/** Jobs that a cluster works on. */
export const isRunning = (status: JobStatus) => status === 'initializing' || status === 'running';

/** Jobs that are accepted and have not ended. */
export const isLive = (status: JobStatus) => status === 'queued' || isRunning(status);

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  // Whether a machine is there changes with the cluster.
  staleTime: 60_000,
  refetchInterval: 60_000,
  queryFn: async ({ signal }) => (await ok(api.GET('/api/catalogue', { signal }))).data,
});

/** A page of jobs, with the number of jobs in each state. */
export interface JobList {
  jobs: Job[];
  total: number;
  hasMore: boolean;
  counts: components['schemas']['JobCounts'] | undefined;
}

export const jobsQuery = (query: NonNullable<operations['listJobs']['parameters']['query']>) =>
  queryOptions({
    queryKey: ['jobs', 'list', query],
    queryFn: async ({ signal }): Promise<JobList> => {
      const { data, meta } = await ok(api.GET('/api/jobs', { params: { query }, signal }));
      return { jobs: data.jobs, ...pageOf(meta), counts: meta?.counts };
    },
    placeholderData: keepPreviousData,
  });

/** A filter by several states, which the API takes separated by commas; its document can only say one. */
export const anyOf = (...states: JobStatus[]) => states.join(',') as JobStatusFilter;

/** The jobs that a cluster works on now, with the number of jobs in each state. */
export const activeJobsQuery = jobsQuery({ status: anyOf('initializing', 'running'), pageSize: 50 });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', 'detail', id],
    queryFn: async ({ signal }) => (await ok(api.GET('/api/jobs/{id}', { params: { path: { id } }, signal }))).data.job,
  });

/** How many points of the loss curve are asked for; the server thins out longer ones so that extremes survive. */
const CURVE_POINTS = 500;

export const metricsQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', 'metrics', id],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET('/api/jobs/{id}/metrics', { params: { path: { id }, query: { points: CURVE_POINTS } }, signal }),
        )
      ).data,
  });

/** Every figure of a run, oldest first. */
export async function allMetrics(id: string): Promise<MetricsPoint[]> {
  const points: MetricsPoint[] = [];
  let cursor: string | undefined;
  do {
    const query = { cursor, limit: 1000 };
    const { data, meta } = await ok(api.GET('/api/jobs/{id}/metrics', { params: { path: { id }, query } }));
    points.push(...data.points);
    cursor = meta?.cursor?.hasMore ? meta.cursor.next : undefined;
  } while (cursor);
  return points;
}

/** Every line of a job's log, oldest first. */
export async function allLogs(id: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let cursor: string | undefined;
  do {
    const query = { cursor, limit: 1000 };
    const { data, meta } = await ok(api.GET('/api/jobs/{id}/logs', { params: { path: { id }, query } }));
    lines.push(...data.logs);
    cursor = meta?.cursor?.hasMore ? meta.cursor.next : undefined;
  } while (cursor);
  return lines;
}

export const estimateQuery = (body: EstimateRequest) =>
  queryOptions({
    queryKey: ['jobs', 'estimate', body],
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await ok(api.POST('/api/jobs/estimate', { body, signal }))).data,
  });

/** `key` names the launch: repeated with the same key, it still makes one job. */
export async function createJob(body: components['schemas']['CreateJobRequest'], key: string) {
  return (await ok(api.POST('/api/jobs', { body, headers: { 'Idempotency-Key': key } }))).data;
}

export async function cancelJob(id: string, reason: CancelReason) {
  return (await ok(api.POST('/api/jobs/{id}/cancel', { params: { path: { id } }, body: { reason } }))).data;
}

export async function retryJob(id: string): Promise<void> {
  await api.POST('/api/jobs/{id}/retry', { params: { path: { id } } });
}
