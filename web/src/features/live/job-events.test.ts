import { QueryClient } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import { type JobList, jobsQuery } from '@/api/jobs';
import type { Job } from '@/api/types';
import { applyJobEvents } from './job-events';

const key = jobsQuery({ page: 1 }).queryKey;

function clientWith(...jobs: Partial<Job>[]): QueryClient {
  const client = new QueryClient();
  client.setQueryData<JobList>(key, { jobs: jobs as Job[], total: jobs.length, hasMore: false, counts: undefined });
  return client;
}

it('moves the job that it is about, and never backwards', () => {
  const client = clientWith({ id: 'a', progress: 40 }, { id: 'b', progress: 10 });
  const read = vi.spyOn(client, 'invalidateQueries');
  applyJobEvents(client, [
    { name: 'progress', data: { jobId: 'a', progress: 50, currentStep: 5 } },
    { name: 'progress', data: { jobId: 'a', progress: 45, currentStep: 6 } },
    { name: 'cost', data: { jobId: 'b', currentCost: 1.5 } },
  ]);
  const jobs = client.getQueryData<JobList>(key)?.jobs;
  expect(jobs?.[0]).toMatchObject({ progress: 50, currentStep: 6 });
  expect(jobs?.[1]).toMatchObject({ progress: 10, currentCost: 1.5 });
  expect(read).not.toHaveBeenCalled();
});

it('reads lists again when a job changes its state, and what else shows its end', () => {
  const client = clientWith({ id: 'a', progress: 40 });
  const read = vi.spyOn(client, 'invalidateQueries');
  applyJobEvents(client, [{ name: 'stage', data: { jobId: 'a' } }]);
  expect(read.mock.calls).toEqual([[{ queryKey: ['jobs', 'list'] }]]);
  applyJobEvents(client, [{ name: 'complete', data: { jobId: 'a' } }]);
  expect(read).toHaveBeenCalledWith({ queryKey: ['models'] });
});
