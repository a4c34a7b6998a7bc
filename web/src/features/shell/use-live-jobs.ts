import { useQuery } from '@tanstack/react-query';
import { isRunning, jobsQuery } from '@/api/jobs';

/** The jobs that a cluster works on now. */
export function useLiveJobs() {
  const { data } = useQuery(jobsQuery({ pageSize: 50 }));
  return (data?.jobs ?? []).filter((job) => isRunning(job.status));
}
