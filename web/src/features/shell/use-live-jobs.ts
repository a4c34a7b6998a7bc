import { useQuery } from '@tanstack/react-query';
import { activeJobsQuery } from '@/api/jobs';

/** The jobs that a cluster works on now. */
export function useLiveJobs() {
  return useQuery(activeJobsQuery).data?.jobs ?? [];
}
