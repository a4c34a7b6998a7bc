import type { QueryClient } from '@tanstack/react-query';
import type { JobList } from '@/api/jobs';
import type { Job } from '@/api/types';

/** What is read of the events of all jobs; the other ones say nothing that a list shows. */
export const JOB_EVENTS = [
  'connected',
  'progress',
  'cost',
  'stage',
  'queue',
  'complete',
  'error',
  'cancelled',
] as const;

export interface JobEvent {
  name: string;
  data: {
    jobId: string;
    progress?: number;
    currentEpoch?: number;
    currentStep?: number;
    totalSteps?: number;
    totalEpochs?: number;
    estimatedTimeRemaining?: number;
    currentCost?: number;
  };
}

/** A job after an event that says how far it is. */
function advanced(job: Job, { name, data }: JobEvent): Job {
  if (job.id !== data.jobId) return job;
  if (name === 'cost') return { ...job, currentCost: data.currentCost ?? job.currentCost };
  if (name !== 'progress') return job;
  const { currentEpoch, currentStep, totalSteps, totalEpochs, estimatedTimeRemaining } = data;
  return {
    ...job,
    currentEpoch: currentEpoch ?? job.currentEpoch,
    currentStep: currentStep ?? job.currentStep,
    totalSteps: totalSteps ?? job.totalSteps,
    totalEpochs: totalEpochs ?? job.totalEpochs,
    estimatedTimeRemaining,
    progress: Math.max(job.progress, data.progress ?? 0),
  };
}

/** Whether lists have other members, or another order, after it: they are read again then. */
const changesLists = (name: string) => name !== 'progress' && name !== 'cost';

/** Whether a job has ended with it, which shows in models, costs and what has happened as well. */
const ends = (name: string) => name === 'complete' || name === 'error' || name === 'cancelled';

/** Brings lists up to date by what has happened since. */
export function applyJobEvents(client: QueryClient, events: JobEvent[]): void {
  const lists = { queryKey: ['jobs', 'list'] };
  client.setQueriesData<JobList>(
    lists,
    (list) => list && { ...list, jobs: list.jobs.map((job) => events.reduce(advanced, job)) },
  );
  if (events.some(({ name }) => changesLists(name))) void client.invalidateQueries(lists);
  if (!events.some(({ name }) => ends(name))) return;
  for (const queryKey of [['models'], ['costs'], ['activity']]) void client.invalidateQueries({ queryKey });
}
