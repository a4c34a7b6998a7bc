import { Link } from '@tanstack/react-router';
import type { Job } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Progress } from '@/components/ui/progress';
import { useElapsed } from '@/features/jobs/use-elapsed';
import { duration, progress } from '@/lib/format';

/** The running jobs, under the rocket in the header. */
export default function ActiveJobsPanel({ jobs, onLeave }: { jobs: Job[]; onLeave: () => void }) {
  return (
    <>
      <h2 className="border-b p-3 text-lg">Active Training Jobs</h2>
      <ul className="max-h-[400px] overflow-y-auto">
        {jobs.map((job) => (
          <li key={job.id}>
            <ActiveJob job={job} onOpen={onLeave} />
          </li>
        ))}
      </ul>
      <div className="border-t bg-muted/50 p-3">
        <Button asChild variant="ghost" className="w-full">
          <Link to="/training/jobs" onClick={onLeave}>
            View All Training Jobs
          </Link>
        </Button>
      </div>
    </>
  );
}

function ActiveJob({ job, onOpen }: { job: Job; onOpen: () => void }) {
  const elapsed = useElapsed(job);
  return (
    <Link
      to="/training/jobs/$jobId"
      params={{ jobId: job.id }}
      onClick={onOpen}
      className="block space-y-2 border-b p-4 hover:bg-accent focus-visible:bg-accent focus-visible:outline-none"
    >
      <span className="flex items-start justify-between gap-2">
        <span className="min-w-0">
          <span className="flex items-center gap-2 text-sm font-medium">
            <span
              aria-hidden
              className="size-2 shrink-0 animate-pulse rounded-full bg-blue-500 motion-reduce:animate-none"
            />
            <span className="truncate">{job.name}</span>
          </span>
          <span className="block text-xs text-muted-foreground">
            {job.instanceName} • {elapsed === undefined ? 'starting' : duration(elapsed)}
          </span>
        </span>
        <Badge variant="secondary">{progress(job.progress)}</Badge>
      </span>
      <Progress aria-label={`Progress of ${job.name}`} value={job.progress} className="h-1.5" />
      <span className="block text-xs text-muted-foreground">
        Epoch {job.currentEpoch ?? 0}/{job.totalEpochs}
      </span>
    </Link>
  );
}
