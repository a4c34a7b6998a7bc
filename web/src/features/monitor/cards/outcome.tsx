import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { BanIcon, CircleXIcon, ClockIcon, RotateCcwIcon, Settings2Icon } from 'lucide-react';
import { retryJob } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { messageOf } from '@/lib/errors';
import { dateTime, integer, usd } from '@/lib/format';
import { toast } from '@/lib/toast';
import { adviceFor } from '../advice';
import { REASONS } from '../reasons';

/** Why the job failed, and what can be done. */
export function FailedPanel({ job }: { job: JobDetail }) {
  const advice = adviceFor(job.errorCode);
  return (
    <Card role="alert" className="gap-4 border-2 border-red-300 bg-red-50 p-6">
      <div className="flex items-start gap-4">
        <CircleXIcon aria-hidden className="size-8 shrink-0 text-red-600" />
        <div className="min-w-0 space-y-1">
          <h2 className="text-xl font-semibold text-red-900">Training Failed</h2>
          <p className="break-words text-red-800">{job.errorMessage ?? 'The trainer gave no reason.'}</p>
          {job.errorCode && <code className="font-mono text-xs text-red-700">{job.errorCode}</code>}
        </div>
      </div>
      {advice.length > 0 && (
        <div className="text-red-900">
          <h3 className="text-sm font-semibold">What to Change</h3>
          <ul className="mt-1 list-inside list-disc space-y-1 text-sm">
            {advice.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      {job.errorStack && (
        <details>
          <summary className="cursor-pointer text-sm font-medium text-red-900">Last lines of the trainer</summary>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
            tabIndex={0}
            className="mt-2 max-h-60 overflow-auto rounded-lg bg-card/70 p-3 font-mono text-xs whitespace-pre-wrap"
          >
            {job.errorStack}
          </pre>
        </details>
      )}
      <Actions job={job} />
    </Card>
  );
}

export function CancelledPanel({ job }: { job: JobDetail }) {
  return (
    <Card className="gap-4 bg-muted/50 p-6">
      <div className="flex items-start gap-4">
        <BanIcon aria-hidden className="size-8 shrink-0 text-muted-foreground" />
        <div className="space-y-1">
          <h2 className="text-xl font-semibold">Training Cancelled</h2>
          <p className="text-muted-foreground">
            {job.cancelReason && `Reason: ${REASONS[job.cancelReason]}. `}
            It cost {usd(job.finalCost ?? job.currentCost)}.
          </p>
        </div>
      </div>
      <Actions job={job} />
    </Card>
  );
}

export function QueuedPanel({ job }: { job: JobDetail }) {
  return (
    <Card role="status" className="gap-4 border-amber-200 bg-amber-50 p-6">
      <div className="flex items-start gap-4">
        <ClockIcon aria-hidden className="size-8 shrink-0 text-amber-700" />
        <div className="space-y-1">
          <h2 className="text-xl font-semibold text-amber-900">
            {job.queuePosition === undefined ? 'In the Queue' : `Position ${integer(job.queuePosition)} in the Queue`}
          </h2>
          <p className="text-amber-800">
            It starts by itself as soon as a machine is free
            {job.expectedStartAt && `, expected at about ${dateTime(job.expectedStartAt)}`}. Waiting costs nothing.
          </p>
        </div>
      </div>
    </Card>
  );
}

function Actions({ job }: { job: JobDetail }) {
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryJob(job.id),
    onSuccess: () => toast.success('Training continues', { description: 'A new attempt has been queued.' }),
    onError: (error) => toast.error('The job could not be retried', { description: messageOf(error) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  return (
    <div className="flex flex-wrap gap-2">
      {job.canRetry && (
        <Button disabled={retry.isPending} onClick={() => retry.mutate()}>
          <RotateCcwIcon aria-hidden className="mr-2" />
          {job.checkpoints.length > 0 ? 'Retry from the Last Checkpoint' : 'Retry'}
        </Button>
      )}
      <Button asChild variant="outline">
        <Link to="/training/configure" search={{ dataset_id: job.datasetId, from_job: job.id }}>
          <Settings2Icon aria-hidden className="mr-2" />
          Configure Anew
        </Link>
      </Button>
    </div>
  );
}
