import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheckBigIcon, ClockIcon, CpuIcon, DollarSignIcon, ExternalLinkIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { jobQuery } from '@/api/jobs';
import type { JobDetail, Model } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { dateAtTime, duration, integer, percent, usd, usdRange } from '@/lib/format';
import { cn } from '@/lib/utils';
import { costLevel } from '../../monitor/cost-level';

export function SummaryCard({ model }: { model: Model }) {
  const { data: job, error, refetch } = useQuery(jobQuery(model.jobId));
  const summary = model.trainingSummary;
  return (
    <Card className="gap-4 p-6">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">Training Summary</h2>
        <Button asChild variant="ghost" size="sm">
          <Link to="/training/jobs/$jobId" params={{ jobId: model.jobId }}>
            <ExternalLinkIcon aria-hidden className="mr-2" />
            View Full Training
          </Link>
        </Button>
      </div>
      <div className="flex gap-3 rounded-lg border border-green-200 bg-green-50 p-3 text-green-900">
        <CircleCheckBigIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-green-700" />
        <div>
          <p className="text-sm">Training Completed</p>
          <p className="text-xs">{dateAtTime(job?.completedAt ?? model.createdAt)}</p>
        </div>
      </div>
      <dl className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <Fact icon={<ClockIcon aria-hidden />} label="Duration" value={duration(summary.trainingDuration)} />
        <Fact icon={<DollarSignIcon aria-hidden />} label="Total Cost" value={usd(summary.totalCost)}>
          {job && `Est: ${usdRange(job.estimatedCostRange.min, job.estimatedCostRange.max)}`}
        </Fact>
        {job && (
          <Fact icon={<CpuIcon aria-hidden />} label="GPU Used" value={job.instanceName}>
            <Badge
              variant="outline"
              className={job.gpuConfig.spot ? 'border-green-500 text-green-700' : 'border-blue-500 text-blue-700'}
            >
              {job.gpuConfig.spot ? 'Spot' : 'On-Demand'}
            </Badge>
          </Fact>
        )}
        <Fact
          icon={<CircleCheckBigIcon aria-hidden />}
          label="Progress"
          value={`${integer(summary.totalSteps)} / ${integer(job?.totalSteps ?? summary.totalSteps)} steps`}
        >
          {summary.totalEpochs} / {job?.totalEpochs ?? summary.totalEpochs} epochs
        </Fact>
      </dl>
      {!job && !error && <Skeleton className="h-44" />}
      {!job && error && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {job?.receipt && <ReceiptTable receipt={job.receipt} />}
      {job && <Verdict cost={summary.totalCost} range={job.estimatedCostRange} />}
    </Card>
  );
}

function Verdict({ cost, range }: { cost: number; range: JobDetail['estimatedCostRange'] }) {
  if (range.max <= 0) return null;
  const { percent: share, level } = costLevel(cost, range.max);
  const within = level !== 'exceeded';
  return (
    <p
      className={cn(
        'rounded-lg border p-3 text-sm',
        within ? 'border-green-200 bg-green-50 text-green-800' : 'border-yellow-200 bg-yellow-50 text-yellow-800',
      )}
    >
      {within
        ? `✓ Cost within estimate (${percent(share)} of max)`
        : `⚠ Cost exceeded estimate by ${percent(share - 100, 1)}`}
    </p>
  );
}

function Fact(props: { icon: ReactNode; label: string; value: string; children?: ReactNode }) {
  return (
    <div className="relative pl-6 [&_svg]:absolute [&_svg]:top-1 [&_svg]:left-0 [&_svg]:size-4">
      <dt className="text-xs text-muted-foreground">
        {props.icon}
        {props.label}
      </dt>
      <dd>{props.value}</dd>
      {props.children && <dd className="text-xs text-muted-foreground">{props.children}</dd>}
    </div>
  );
}

/** What was charged, beside what was estimated at launch. */
function ReceiptTable({ receipt }: { receipt: NonNullable<JobDetail['receipt']> }) {
  const { estimated } = receipt;
  const rows = [
    ['Computing', estimated.compute.total, receipt.compute],
    ['Storage', estimated.storage.total, receipt.storage],
    ['Data Transfer', estimated.dataTransfer.total, receipt.dataTransfer],
  ] as const;
  return (
    <table className="w-full text-sm">
      <caption className="pb-2 text-left font-medium">Receipt</caption>
      <thead>
        <tr className="border-b text-muted-foreground">
          <th className="py-1.5 text-left font-normal">Cost</th>
          <th className="py-1.5 text-right font-normal">Estimated</th>
          <th className="py-1.5 text-right font-normal">Charged</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, expected, charged]) => (
          <tr key={label} className="border-b">
            <th scope="row" className="py-1.5 text-left font-normal">
              {label}
            </th>
            <td className="py-1.5 text-right text-muted-foreground">{usd(expected)}</td>
            <td className="py-1.5 text-right">{usd(charged)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="font-semibold">
          <th scope="row" className="py-1.5 text-left font-semibold">
            Total
          </th>
          <td className="py-1.5 text-right">{usd(receipt.estimatedTotal)}</td>
          <td className="py-1.5 text-right">{usd(receipt.total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
