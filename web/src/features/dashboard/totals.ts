import type { components } from '@/api/schema';

/** The dashboard's figures from the number of jobs in each state. There is no success rate before a job has ended. */
export function jobTotals(counts: components['schemas']['JobCounts']) {
  const { queued, initializing, running, completed, failed, cancelled } = counts;
  const ended = completed + failed + cancelled;
  return {
    active: initializing + running,
    all: queued + initializing + running + ended,
    completed,
    successRate: ended === 0 ? undefined : (100 * completed) / ended,
  };
}
