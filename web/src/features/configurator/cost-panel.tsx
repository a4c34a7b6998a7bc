import { CircleHelpIcon, ClockIcon, TrendingUpIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Estimate } from '@/api/types';
import { Help } from '@/components/help';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { amountRange, durationSpan, integer, plural, UNKNOWN, usd, usdRange } from '@/lib/format';
import type { EstimateState } from './use-estimate';

const WHY_RANGE =
  'How fast the machine really works is known only while it works, and training may converge earlier or later. The range covers both.';

const UNITS = { h: 'hours', m: 'minutes', s: 'seconds' } as const;

interface CostPanelProps extends EstimateState {
  spot: boolean;
  /** What is needed before there can be an estimate. */
  missing: string | undefined;
}

/** What the present settings will cost. It shows the figures of these settings or none. */
export function CostPanel({ estimate, error, retry, spot, missing }: CostPanelProps) {
  const time = estimate && durationSpan(estimate.duration.min, estimate.duration.max);
  return (
    <Card className="gap-8 border-2 border-blue-200 bg-blue-50/30 p-6" aria-busy={!estimate && !error && !missing}>
      <div className="flex items-center justify-between">
        <h2 className="text-lg font-semibold">Cost Estimation</h2>
        <Help about="the cost estimate" className="size-4">
          Computed by the server from the tokens of this dataset, the settings and the machine&apos;s rate.
        </Help>
      </div>
      {error ? (
        <div role="alert" className="space-y-3 rounded-lg border border-red-200 bg-red-50 p-4 text-sm text-red-700">
          <p>{error}</p>
          <Button variant="outline" size="sm" onClick={retry}>
            Try again
          </Button>
        </div>
      ) : (
        <>
          <div className="rounded-lg border-2 border-blue-300 bg-card p-4">
            <div className="flex flex-wrap items-center justify-between gap-2">
              <span className="text-sm text-muted-foreground">Estimated Total Cost</span>
              <Badge variant={spot ? 'green' : 'blue'}>{spot ? 'Spot Instance' : 'On-Demand'}</Badge>
            </div>
            <p className="mt-2 flex flex-wrap items-baseline gap-x-2" aria-live="polite">
              <Total estimate={estimate} missing={missing} />
            </p>
          </div>
          <Figure icon={<ClockIcon aria-hidden />} label="Estimated Duration" unit={time && UNITS[time.unit]}>
            {time ? time.value : missing && UNKNOWN}
          </Figure>
          <Figure icon={<TrendingUpIcon aria-hidden />} label="Hourly Rate" unit="/hour">
            {estimate ? usd(estimate.hourlyRate) : missing && UNKNOWN}
          </Figure>
          {estimate && <Breakdown estimate={estimate} />}
        </>
      )}
      <div className="rounded-lg bg-muted p-3 text-xs text-muted-foreground">
        <p className="flex items-center gap-1.5 font-medium">
          <CircleHelpIcon aria-hidden className="size-3.5" />
          Why a cost range?
        </p>
        <p className="mt-1">{WHY_RANGE}</p>
      </div>
      {spot && (
        <div className="rounded-lg border border-yellow-200 bg-yellow-50 p-3 text-xs text-yellow-800">
          <p className="font-medium">⚠️ Spot Instance Cost Savings</p>
          <p className="mt-1">Cheaper, but may be interrupted. Training then goes on from its last checkpoint.</p>
        </div>
      )}
    </Card>
  );
}

function Total({ estimate, missing }: { estimate: Estimate | undefined; missing: string | undefined }) {
  if (missing) return <span className="text-muted-foreground">{missing}</span>;
  if (!estimate) {
    return (
      <>
        <Skeleton className="h-10 w-40" />
        <span className="sr-only">Calculating</span>
      </>
    );
  }
  const [low, high] = amountRange(estimate.cost.min, estimate.cost.max);
  return (
    <>
      <span className="text-2xl text-blue-600">$</span>
      <span className="text-4xl font-bold text-blue-600">{low}</span>
      {high !== undefined && <span className="text-4xl font-bold text-blue-600">- {high}</span>}
      <span className="text-muted-foreground">{estimate.cost.currency}</span>
    </>
  );
}

function Figure(props: { icon: ReactNode; label: string; unit?: string | undefined; children: ReactNode }) {
  return (
    <div className="rounded-lg border bg-card p-4">
      <p className="flex items-center gap-2 text-sm [&_svg]:size-4 [&_svg]:text-muted-foreground">
        {props.icon}
        {props.label}
      </p>
      <p className="mt-1">
        {props.children ? (
          <>
            <span className="text-2xl font-semibold">{props.children}</span>{' '}
            <span className="text-sm text-muted-foreground">{props.unit}</span>
          </>
        ) : (
          <Skeleton className="h-8 w-28" />
        )}
      </p>
    </div>
  );
}

function Breakdown({ estimate }: { estimate: Estimate }) {
  const { breakdown, total, min, max } = estimate.cost;
  const rows = [
    ['Base Training', usd(breakdown.compute.total)],
    ['Storage & I/O', usd(breakdown.storage.total + breakdown.dataTransfer.total)],
    ['Uncertainty, up to', usd(Math.max(0, max - total))],
  ];
  return (
    <div className="space-y-2 border-t pt-4 text-sm">
      <h3 className="text-sm font-medium">Cost Breakdown</h3>
      <dl className="space-y-2">
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between">
            <dt className="text-muted-foreground">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div className="flex justify-between border-t pt-2 text-base font-semibold">
          <dt>Total Range</dt>
          <dd className="text-blue-600">{usdRange(min, max)}</dd>
        </div>
      </dl>
      <p className="text-xs text-muted-foreground">
        {plural(estimate.totalSteps, 'step')}, {integer(estimate.totalTokens)} tokens at about{' '}
        {integer(estimate.tokensPerSecond)} a second (
        {estimate.throughputMeasured ? 'measured on earlier runs' : 'from the machine’s figures'})
      </p>
    </div>
  );
}
