import { useQuery } from '@tanstack/react-query';
import { isLive, jobQuery } from '@/api/jobs';
import { ErrorState } from '@/components/error-state';
import { Skeleton } from '@/components/ui/skeleton';
import { isNotFound } from '@/lib/errors';
import { Monitor } from './monitor';

/** Between the events of the stream the job is read again this often, in milliseconds, in case the stream is held up on its way. */
const SAFETY_NET = 10_000;

export function MonitorPage({ jobId }: { jobId: string }) {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    ...jobQuery(jobId),
    refetchInterval: ({ state }) => (state.data && isLive(state.data.status) ? SAFETY_NET : false),
  });
  if (data) return <Monitor job={data} updatedAt={dataUpdatedAt} onRefresh={() => refetch()} />;
  if (isNotFound(error)) return <ErrorState error={error} heading="h1" title="There is no such job" />;
  if (error) return <ErrorState error={error} heading="h1" onRetry={() => void refetch()} />;
  return (
    <div className="mx-auto max-w-7xl space-y-6 p-6">
      <Skeleton className="h-14 w-80 max-w-full" />
      <Skeleton className="h-64 rounded-xl" />
      <Skeleton className="h-48 rounded-xl" />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <Skeleton className="h-[34rem] rounded-xl lg:col-span-2" />
        <Skeleton className="h-80 rounded-xl" />
      </div>
    </div>
  );
}
