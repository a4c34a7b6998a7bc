import { anyOf, jobsQuery } from '@/api/jobs';
import type { components } from '@/api/schema';
import type { JobStatus } from '@/api/types';

export const TABS = ['active', 'queued', 'completed'] as const;
export type JobsTab = (typeof TABS)[number];

/** What the address says about the list. */
export interface JobsSearch {
  tab: JobsTab;
  page: number;
  /** Ids of the jobs that are marked for a comparison, separated by commas. */
  pick?: string | undefined;
}

export function isTab(value: unknown): value is JobsTab {
  return TABS.some((tab) => tab === value);
}

/** The states that are listed under a tab; "completed" holds everything that has ended. */
const STATES: Record<JobsTab, JobStatus[]> = {
  active: ['initializing', 'running'],
  queued: ['queued'],
  completed: ['completed', 'failed', 'cancelled'],
};

export const tabQuery = (tab: JobsTab, page: number) =>
  jobsQuery({ status: anyOf(...STATES[tab]), page, pageSize: 20, sortBy: 'created-desc' });

/** How many jobs a tab holds. */
export function tabCount(tab: JobsTab, counts: components['schemas']['JobCounts'] | undefined): number {
  return counts ? STATES[tab].reduce((sum, state) => sum + counts[state], 0) : 0;
}
