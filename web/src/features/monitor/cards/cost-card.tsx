import { TrendingUpIcon, TriangleAlertIcon } from 'lucide-react';
import { isLive } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Progress } from '@/components/ui/progress';
import { amount, hourlyRate, percent, UNKNOWN, usd, usdRange } from '@/lib/format';
import { cn } from '@/lib/utils';
import { costLevel } from '../cost-level';

const LOOKS = {
  normal: { border: '', bar: undefined, text: 'text-green-700' },
  warning: { border: 'border-2 border-yellow-300', bar: 'bg-yellow-500', text: 'text-yellow-700' },
  exceeded: { border: 'border-2 border-red-300', bar: 'bg-red-600', text: 'text-red-600' },
} as const;

export function CostCard({ job }: { job: JobDetail }) {
  const live = isLive(job.status);
  const spent = job.finalCost ?? job.currentCost;
  const { min, max } = job.estimatedCostRange;
  const { percent: share, level } = costLevel(spent, max);
  const look = LOOKS[level];
  const projected = live ? job.projectedCost : spent;
  return (
    <Card className={cn('gap-8 p-6', look.border, live && level === 'exceeded' && 'animate-pulse')}>
      <div className="flex items-start justify-between gap-2">
        <div>
          <h2 className="text-lg font-semibold">Cost Tracker</h2>
          <p className="text-sm text-muted-foreground">{live ? 'Real-time spending' : 'What the job has cost'}</p>
        </div>
        <Badge variant={job.gpuConfig.spot ? 'green' : 'secondary'}>{job.gpuConfig.spot ? 'Spot' : 'On-Demand'}</Badge>
      </div>
      {live && level !== 'normal' && <Warning exceeded={level === 'exceeded'} />}
      <div className="space-y-2">
        <div className="flex flex-wrap items-baseline justify-between gap-2">
          <span className="text-sm text-muted-foreground">{live ? 'Current Spend' : 'Final Cost'}</span>
          <span>
            <span className="text-xl text-blue-600">$</span>{' '}
            <span className="text-3xl font-bold text-blue-600">{amount(spent)}</span>{' '}
            <span className="text-sm text-muted-foreground">USD</span>
          </span>
        </div>
        <Progress aria-label="Share of the estimate" value={share} indicatorClassName={look.bar} />
        <div className="flex justify-between text-xs">
          <span className="text-muted-foreground">{percent(share)} of estimate</span>
          <span className={cn('font-semibold', look.text)}>{usdRange(min, max)}</span>
        </div>
      </div>
      <dl className="space-y-3 border-t pt-4 text-sm">
        <Row label="Estimated Range" value={usdRange(min, max)} />
        <Row
          label="Hourly Rate"
          icon={<TrendingUpIcon aria-hidden className="size-4" />}
          value={hourlyRate(job.hourlyRate)}
        />
        <Row
          label={live ? 'Projected Final' : 'Final'}
          value={projected === undefined ? UNKNOWN : usd(projected)}
          colour={
            projected !== undefined && costLevel(projected, max).level === 'exceeded' ? 'text-red-600' : 'text-blue-600'
          }
        />
      </dl>
      {job.receipt && <Receipt receipt={job.receipt} />}
      <p className="rounded-lg bg-muted/50 p-3 text-xs text-muted-foreground">
        {job.gpuConfig.spot
          ? '⚡ Spot: cheaper, may be interrupted, resumes from checkpoints'
          : '🔒 On-demand: the machine stays yours until the job ends'}
      </p>
    </Card>
  );
}

function Receipt({ receipt }: { receipt: NonNullable<JobDetail['receipt']> }) {
  return (
    <dl className="space-y-2 border-t pt-4 text-sm">
      <Row label="Computing" value={usd(receipt.compute)} />
      <Row label="Storage" value={usd(receipt.storage)} />
      <Row label="Data Transfer" value={usd(receipt.dataTransfer)} />
    </dl>
  );
}

function Warning({ exceeded }: { exceeded: boolean }) {
  return (
    <div
      role="status"
      className={cn(
        'flex gap-3 rounded-lg border p-3 text-sm',
        exceeded ? 'border-red-200 bg-red-50 text-red-700' : 'border-yellow-200 bg-yellow-50 text-yellow-800',
      )}
    >
      <TriangleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div>
        <p className="font-semibold">{exceeded ? 'Cost Exceeding Estimate!' : 'Cost Warning'}</p>
        <p className="text-xs">
          {exceeded ? 'More has been spent than was estimated.' : 'Spending comes close to what was estimated.'}
        </p>
      </div>
    </div>
  );
}

function Row(props: { label: string; value: string; icon?: React.ReactNode; colour?: string }) {
  return (
    <div className="flex justify-between gap-2">
      <dt className="flex items-center gap-1.5 text-muted-foreground">
        {props.icon}
        {props.label}
      </dt>
      <dd className={cn('font-medium', props.colour)}>{props.value}</dd>
    </div>
  );
}
