import { ClockIcon, DollarSignIcon, TrendingDownIcon, TriangleAlertIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { JobDetail } from '@/api/types';
import { decimal, integer, percent, progress, UNKNOWN, usd } from '@/lib/format';
import { costLevel } from './cost-level';

/** How far the job has come, and what a cancellation means. */
export function CancelFacts({ job }: { job: JobDetail }) {
  const { percent: share } = costLevel(job.currentCost, job.estimatedCostRange.max);
  const loss = job.currentMetrics?.trainingLoss;
  const started = job.startedAt !== undefined;
  return (
    <>
      <section className="rounded-lg bg-muted p-4">
        <h3 className="text-base font-semibold">Current Progress</h3>
        <dl className="mt-3 grid grid-cols-2 gap-4">
          <Fact icon={<ClockIcon aria-hidden />} label="Progress" value={`${progress(job.progress)} Complete`}>
            Step {integer(job.currentStep ?? 0)} of {integer(job.totalSteps)}
          </Fact>
          <Fact icon={<DollarSignIcon aria-hidden />} label="Cost Incurred" value={`${usd(job.currentCost)} USD`}>
            {percent(share)} of estimate
          </Fact>
          <Fact
            icon={<TrendingDownIcon aria-hidden />}
            label="Current Loss"
            value={loss === undefined ? UNKNOWN : decimal(loss, 4)}
          />
          <Fact
            icon={<ClockIcon aria-hidden />}
            label="Epoch"
            value={`${job.currentEpoch ?? 0} of ${job.totalEpochs}`}
          />
        </dl>
      </section>
      <section className="flex gap-3 rounded-lg border border-red-200 bg-red-50 p-4 text-red-800">
        <TriangleAlertIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-red-600" />
        <div>
          <h3 className="text-sm font-semibold">Cancellation Impact</h3>
          <ul className="mt-1 space-y-1 text-xs">
            <li>• Training stops within seconds, and no model is made</li>
            <li>
              •{' '}
              {started
                ? 'A checkpoint is kept, so that the job can be retried from there'
                : 'Nothing has been trained yet'}
            </li>
            <li>
              •{' '}
              {started
                ? `The GPU time used is charged (${usd(job.currentCost)} so far)`
                : 'Nothing is charged, since the GPU has not started'}
            </li>
            <li>• The dataset is not touched and can be trained on again</li>
          </ul>
        </div>
      </section>
    </>
  );
}

function Fact(props: { icon: ReactNode; label: string; value: string; children?: ReactNode }) {
  return (
    <div className="relative pl-6 [&_svg]:absolute [&_svg]:top-0.5 [&_svg]:left-0 [&_svg]:size-4">
      <dt className="text-xs text-muted-foreground">
        {props.icon}
        {props.label}
      </dt>
      <dd className="font-semibold">{props.value}</dd>
      {props.children && <dd className="text-xs text-muted-foreground">{props.children}</dd>}
    </div>
  );
}
