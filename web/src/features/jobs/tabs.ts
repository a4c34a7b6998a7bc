import type { JobStatus } from '@/api/types';

export type JobsTab = 'active' | 'queued' | 'completed';

export function isTab(value: unknown): value is JobsTab {
  return value === 'active' || value === 'queued' || value === 'completed';
}

/** The tab that a job is listed under; "completed" holds everything that has ended. */
export function tabOf(status: JobStatus): JobsTab {
  if (status === 'queued') return 'queued';
  return status === 'initializing' || status === 'running' ? 'active' : 'completed';
}
