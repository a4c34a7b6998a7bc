import { Link } from '@tanstack/react-router';
import { isRunning } from '@/api/jobs';
import type { Job } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Checkbox } from '@/components/ui/checkbox';
import { Progress } from '@/components/ui/progress';
import { date, duration, hourlyRate, integer, progress, usd } from '@/lib/format';
import { cn } from '@/lib/utils';
import { STATUS } from './status';
import { useElapsed } from './use-elapsed';

interface JobCardProps {
  job: Job;
  /** Whether it is marked for a comparison. */
  picked: boolean;
  /** Marks it or takes the mark back; absent where neither can be done. */
  onPick: (() => void) | undefined;
}

export function JobCard({ job, picked, onPick }: JobCardProps) {
  const elapsed = useElapsed(job);
  const { label, icon: Icon, colour, badge } = STATUS[job.status];
  return (
    <Card className="relative gap-6 p-6 transition-shadow focus-within:ring-[3px] focus-within:ring-ring/50 hover:shadow-md">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0 space-y-1.5">
          <h2 className="flex items-center gap-2 text-base font-medium">
            <Icon aria-hidden className={cn('size-4 shrink-0', colour)} />
            {/* The link covers the whole card. */}
            <Link
              to="/training/jobs/$jobId"
              params={{ jobId: job.id }}
              className="line-clamp-2 outline-none after:absolute after:inset-0 sm:line-clamp-1"
            >
              {job.name}
            </Link>
          </h2>
          <p className="line-clamp-2 text-muted-foreground sm:line-clamp-1">Dataset: {job.datasetName}</p>
        </div>
        <div className="flex items-center gap-3">
          <Badge variant={badge}>{job.cancelling ? 'Cancelling' : label}</Badge>
          {onPick && (
            <Checkbox
              aria-label={`Compare ${job.name}`}
              checked={picked}
              onCheckedChange={onPick}
              // Above the link that covers the card, and larger to the touch than it looks.
              className="relative z-10 after:absolute after:-inset-2.5"
            />
          )}
        </div>
      </div>
      <div className="space-y-3">
        {isRunning(job.status) && (
          <div className="space-y-2">
            <Progress aria-label={`Progress of ${job.name}`} value={job.progress} />
            <div className="flex justify-between text-sm text-muted-foreground">
              <span>Progress: {progress(job.progress)}</span>
              <span>
                Epoch {job.currentEpoch ?? 0}/{job.totalEpochs}
              </span>
            </div>
          </div>
        )}
        {job.status === 'failed' && job.errorMessage && (
          <p className="line-clamp-2 text-sm text-red-700">{job.errorMessage}</p>
        )}
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted-foreground">
          {facts(job, elapsed).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </div>
    </Card>
  );
}

function facts(job: Job, elapsed: number | undefined): string[] {
  const known = [`GPU: ${job.instanceName}`];
  if (job.status === 'queued') {
    if (job.queuePosition !== undefined) known.push(`Position: ${integer(job.queuePosition)}`);
    known.push(`Estimate: ${usd(job.estimatedTotalCost)}`);
    return known;
  }
  if (elapsed !== undefined) known.push(`Time: ${duration(elapsed)}`);
  if (isRunning(job.status)) known.push(`Cost: ${hourlyRate(job.hourlyRate)}`);
  else {
    known.push(`Cost: ${usd(job.finalCost ?? job.currentCost)}`);
    if (job.completedAt) known.push(date(job.completedAt));
  }
  return known;
}
