import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RocketIcon } from 'lucide-react';
import { activeJobsQuery } from '@/api/jobs';
import type { Job } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Progress } from '@/components/ui/progress';
import { Skeleton } from '@/components/ui/skeleton';
import { useElapsed } from '@/features/jobs/use-elapsed';
import { duration, progress } from '@/lib/format';

/** Jobs shown before the link to all of them. */
const SHOWN = 4;

export function ActiveJobsCard() {
  const { data, error, refetch } = useQuery(activeJobsQuery);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Active Training Jobs</CardTitle>
        <CardDescription>Currently running training sessions</CardDescription>
      </CardHeader>
      <CardContent className="space-y-4">
        {!data && error && <ErrorState error={error} onRetry={() => void refetch()} className="py-6" />}
        {!data && !error && <Skeleton className="h-28" />}
        {data?.jobs.length === 0 && <NoJobs />}
        {data?.jobs.slice(0, SHOWN).map((job) => (
          <ActiveJob key={job.id} job={job} />
        ))}
        {data !== undefined && data.jobs.length > 0 && (
          <Button asChild variant="outline" className="w-full">
            <Link to="/training/jobs">View All Training Jobs</Link>
          </Button>
        )}
      </CardContent>
    </Card>
  );
}

function ActiveJob({ job }: { job: Job }) {
  const elapsed = useElapsed(job);
  return (
    <Link
      to="/training/jobs/$jobId"
      params={{ jobId: job.id }}
      className="block rounded-lg border p-4 outline-none hover:bg-accent/50 focus-visible:ring-[3px] focus-visible:ring-ring/50"
    >
      <span className="flex items-center justify-between gap-2">
        <span className="truncate font-medium">{job.name}</span>
        <Badge>{progress(job.progress)}</Badge>
      </span>
      <span className="block text-sm text-muted-foreground">
        {job.instanceName} • {elapsed === undefined ? 'starting' : duration(elapsed)}
      </span>
      <Progress aria-label={`Progress of ${job.name}`} value={job.progress} className="mt-2" />
      <span className="mt-2 block text-xs text-muted-foreground">
        Epoch {job.currentEpoch ?? 0}/{job.totalEpochs}
      </span>
    </Link>
  );
}

function NoJobs() {
  return (
    <div className="flex flex-col items-center gap-3 py-6 text-muted-foreground">
      <RocketIcon aria-hidden className="size-12 opacity-50" />
      <p>No active training jobs</p>
      <Button asChild variant="outline" size="sm" className="text-foreground">
        <Link to="/datasets" search={{ trainingReady: 'true' }}>
          Start Training
        </Link>
      </Button>
    </div>
  );
}
