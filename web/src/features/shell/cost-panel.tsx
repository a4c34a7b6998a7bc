import { Link } from '@tanstack/react-router';
import { TrendingDownIcon, TrendingUpIcon } from 'lucide-react';
import type { components } from '@/api/schema';
import { Button } from '@/components/ui/button';
import { Progress } from '@/components/ui/progress';
import { percent, usd } from '@/lib/format';
import { cn } from '@/lib/utils';

/** This month's costs by kind, against the budget and the month before. */
export default function CostPanel({
  summary,
  onLeave,
}: {
  summary: components['schemas']['CostSummary'];
  onLeave: () => void;
}) {
  const month = summary.currentMonth;
  const change = month.trendPercent;
  const up = (change ?? 0) > 0;
  const TrendIcon = up ? TrendingUpIcon : TrendingDownIcon;
  const colour = up ? 'text-amber-700' : 'text-green-700';
  const parts = [
    { label: 'Training', value: month.compute },
    { label: 'Storage', value: month.storage },
    { label: 'Data Transfer', value: month.dataTransfer },
    { label: 'API Calls', value: month.apiCalls },
  ];
  return (
    <>
      <div className="flex items-center justify-between">
        <h2 className="text-lg">Monthly Costs</h2>
        {change !== undefined && <TrendIcon aria-hidden className={cn('size-5', colour)} />}
      </div>
      <div>
        <p className="text-3xl font-bold">{usd(month.spent)}</p>
        {change !== undefined && (
          <p className={cn('mt-1 flex items-center gap-1 text-sm', colour)}>
            <TrendIcon aria-hidden className="size-4" />
            {up ? 'Up' : 'Down'} {percent(Math.abs(change), 1)} from this time last month
          </p>
        )}
        {month.budget !== undefined && (
          <p className="mt-1 text-sm text-muted-foreground">
            {usd(month.remaining ?? 0)} of {usd(month.budget)} left
          </p>
        )}
        {month.held > 0 && <p className="mt-1 text-sm text-muted-foreground">{usd(month.held)} held for open jobs</p>}
      </div>
      <div className="space-y-3">
        {parts.map(({ label, value }) => (
          <div key={label} className="space-y-1">
            <div className="flex justify-between">
              <span className="text-sm text-muted-foreground">{label}</span>
              <span className="text-sm font-medium">{usd(value)}</span>
            </div>
            <Progress
              aria-label={`${label}'s share`}
              value={month.spent > 0 ? (100 * value) / month.spent : 0}
              className="h-1.5"
            />
          </div>
        ))}
      </div>
      {summary.alerts.map((alert) => (
        <p
          key={`${alert.type}-${alert.threshold}`}
          className="rounded-md border border-yellow-200 bg-yellow-50 p-2 text-sm text-yellow-800"
        >
          {alert.message}
        </p>
      ))}
      <Button asChild variant="outline" size="sm" className="w-full">
        <Link to="/costs" onClick={onLeave}>
          View Detailed Report
        </Link>
      </Button>
    </>
  );
}
