import { CheckIcon, LoaderCircleIcon, XIcon } from 'lucide-react';
import { isLive } from '@/api/jobs';
import type { JobDetail, StageProgress } from '@/api/types';
import { Card } from '@/components/ui/card';
import { duration, integer } from '@/lib/format';
import { cn } from '@/lib/utils';

const NAMES: Record<StageProgress['stage'], string> = {
  preprocessing: 'Preprocessing',
  model_loading: 'Model Loading',
  training: 'Training',
  finalization: 'Finalization',
};

export function StagesCard({ job }: { job: JobDetail }) {
  const done = job.stages.filter(({ status }) => status === 'completed').length;
  const message = isLive(job.status) ? activity(job) : undefined;
  return (
    <Card className="gap-10 p-6">
      <h2 className="text-lg font-semibold">Training Stages</h2>
      <div className="relative">
        <div aria-hidden className="absolute top-5 h-0.5 w-full bg-gray-200">
          <div className="h-full bg-green-600" style={{ width: `${(100 * done) / Math.max(1, job.stages.length)}%` }} />
        </div>
        <ol className="relative grid grid-cols-4 gap-1">
          {job.stages.map((stage, index) => (
            <Stage key={stage.stage} stage={stage} number={index + 1} failed={job.status === 'failed'} />
          ))}
        </ol>
      </div>
      {message && (
        <p className="rounded-lg border border-blue-200 bg-blue-50 p-3 text-sm break-words text-blue-800">{message}</p>
      )}
    </Card>
  );
}

/** What it is doing now, in words. */
function activity(job: JobDetail): string | undefined {
  if (job.status === 'queued') return undefined;
  if (job.currentStage === 'training' && job.currentStep !== undefined) {
    const where = `Epoch ${job.currentEpoch ?? 1}/${job.totalEpochs} - Step ${integer(job.currentStep)}/${integer(job.totalSteps)}`;
    // The trainer's own words mostly name the epoch, which is said already.
    return job.stageMessage && !job.stageMessage.startsWith('Epoch') ? `${where} - ${job.stageMessage}` : where;
  }
  return job.stageMessage;
}

const CIRCLES: Record<StageProgress['status'], string> = {
  completed: 'border-solid-green bg-solid-green text-white',
  active: 'border-solid-blue bg-solid-blue text-white',
  stopped: 'border-solid-gray bg-solid-gray text-white',
  pending: 'border-gray-300 bg-gray-200 text-gray-700',
};

function Stage({ stage, number, failed }: { stage: StageProgress; number: number; failed: boolean }) {
  const { status } = stage;
  return (
    <li className="flex flex-col items-center text-center" aria-current={status === 'active' ? 'step' : undefined}>
      <span
        className={cn(
          'flex size-10 items-center justify-center rounded-full border-2 text-sm',
          CIRCLES[status],
          status === 'stopped' && failed && 'border-solid-red bg-solid-red',
        )}
      >
        {status === 'completed' && <CheckIcon aria-label="Completed" className="size-5" />}
        {status === 'active' && <LoaderCircleIcon aria-label="In progress" className="size-5 animate-spin" />}
        {status === 'stopped' && <XIcon aria-label={failed ? 'Failed' : 'Stopped'} className="size-5" />}
        {status === 'pending' && number}
      </span>
      <span className={cn('mt-2 text-xs font-medium sm:text-sm', status === 'active' && 'text-blue-600')}>
        {NAMES[stage.stage]}
      </span>
      <span className={cn('text-xs text-muted-foreground', status === 'active' && 'animate-pulse text-blue-600')}>
        {status === 'active' && 'In Progress'}
        {status === 'completed' && stage.seconds !== undefined && duration(stage.seconds)}
        {status === 'stopped' && (failed ? 'Failed' : 'Stopped')}
      </span>
    </li>
  );
}
