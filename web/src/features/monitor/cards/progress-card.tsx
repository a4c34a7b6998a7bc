import { ClockIcon, TrendingDownIcon, ZapIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { isRunning } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Progress } from '@/components/ui/progress';
import { useElapsed } from '@/features/jobs/use-elapsed';
import { decimal, duration, integer, plural, progress, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';

export function ProgressCard({ job }: { job: JobDetail }) {
  const elapsed = useElapsed(job);
  const { trainingLoss, validationLoss } = job.currentMetrics ?? {};
  return (
    <Card className="gap-6 p-6">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-2xl font-semibold break-words">{job.name}</h2>
          <p className="text-sm text-muted-foreground">
            Training on: {job.datasetName} ({plural(job.datasetPairs, 'pair')})
          </p>
        </div>
        <StatusBadge job={job} />
      </div>
      <div className="mt-4 space-y-2">
        <div className="flex items-center justify-between">
          <span className="text-sm">Overall Progress</span>
          <span className="text-2xl font-bold text-blue-600">{progress(job.progress)}</span>
        </div>
        <Progress
          data-testid="progress-bar"
          aria-label="Overall progress"
          value={job.progress}
          className="h-3"
          indicatorClassName={job.status === 'failed' ? 'bg-red-600' : undefined}
        />
      </div>
      <dl className="grid grid-cols-2 gap-4 md:grid-cols-4">
        <Fact icon={<ZapIcon aria-hidden />} label="Current Step">
          {integer(job.currentStep ?? 0)} <Of>{integer(job.totalSteps)}</Of>
        </Fact>
        <Fact label="Current Epoch">
          {job.currentEpoch ?? 0} <Of>{job.totalEpochs}</Of>
        </Fact>
        <Fact icon={<ClockIcon aria-hidden />} label="Elapsed">
          {elapsed === undefined ? UNKNOWN : duration(elapsed)}
        </Fact>
        <Fact icon={<ClockIcon aria-hidden />} label="Remaining" className="text-blue-600">
          {remaining(job)}
        </Fact>
      </dl>
      {isRunning(job.status) && (trainingLoss !== undefined || validationLoss !== undefined) && (
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t pt-4 text-sm text-muted-foreground">
          <TrendingDownIcon aria-hidden className="size-4 text-green-700" />
          {trainingLoss !== undefined && <Loss label="Training Loss:" value={trainingLoss} />}
          {validationLoss !== undefined && <Loss label="Validation Loss:" value={validationLoss} />}
        </p>
      )}
    </Card>
  );
}

/** Seconds left in words; frozen once the job has ended. */
function remaining(job: JobDetail): string {
  if (job.status === 'completed') return 'Complete';
  if (job.status === 'failed' || job.status === 'cancelled') return UNKNOWN;
  if (job.status === 'queued') return 'Waiting';
  return job.estimatedTimeRemaining === undefined ? 'Calculating...' : duration(job.estimatedTimeRemaining);
}

function StatusBadge({ job }: { job: JobDetail }) {
  if (job.cancelling) return <Badge variant="secondary">Cancelling...</Badge>;
  switch (job.status) {
    case 'initializing':
    case 'running':
      return (
        <Badge variant="blue" className="gap-2">
          <span aria-hidden className="size-2 animate-pulse rounded-full bg-white" />
          {job.status === 'running' ? 'Training' : 'Starting'}
        </Badge>
      );
    case 'completed':
      return <Badge variant="green">✓ Completed</Badge>;
    case 'failed':
      return <Badge variant="destructive">✗ Failed</Badge>;
    case 'cancelled':
      return <Badge variant="secondary">Cancelled</Badge>;
    default:
      return <Badge variant="outline">Queued</Badge>;
  }
}

function Fact(props: { icon?: ReactNode; label: string; className?: string; children: ReactNode }) {
  return (
    <div>
      <dt className="flex items-center gap-1 text-xs text-muted-foreground [&_svg]:size-3.5">
        {props.icon}
        {props.label}
      </dt>
      <dd className={cn('text-lg font-semibold', props.className)}>{props.children}</dd>
    </div>
  );
}

function Of({ children }: { children: ReactNode }) {
  return <span className="text-sm font-normal text-muted-foreground">/ {children}</span>;
}

function Loss({ label, value }: { label: string; value: number }) {
  return (
    <span>
      {label} <span className="text-base font-semibold text-foreground">{decimal(value, 4)}</span>
    </span>
  );
}
