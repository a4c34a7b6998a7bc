import { useQuery } from '@tanstack/react-query';
import { DollarSignIcon, TrendingDownIcon, TrendingUpIcon } from 'lucide-react';
import { costSummaryQuery } from '@/api/costs';
import { Button } from '@/components/ui/button';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Progress } from '@/components/ui/progress';
import { percent, usd } from '@/lib/format';
import { cn } from '@/lib/utils';

/** What this month has cost, in the header. */
export function CostTracker() {
  const { data } = useQuery(costSummaryQuery);
  if (!data) return null;
  const month = data.currentMonth;
  const change = month.previousMonth > 0 ? (100 * (month.spent - month.previousMonth)) / month.previousMonth : null;
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
    <Popover>
      <PopoverTrigger asChild>
        <Button variant="ghost" size="sm" aria-label={`Costs this month: ${usd(month.spent)}`}>
          <DollarSignIcon aria-hidden />
          <span className="hidden lg:inline">{usd(month.spent)}</span>
          {change !== null && (
            <span className={cn('hidden text-xs lg:inline', colour)}>
              {up && '+'}
              {percent(change, 1)}
            </span>
          )}
        </Button>
      </PopoverTrigger>
      <PopoverContent className="w-80 space-y-4 p-4" aria-label="Monthly costs">
        <div className="flex items-center justify-between">
          <h2 className="text-base">Monthly Costs</h2>
          {change !== null && <TrendIcon aria-hidden className={cn('size-5', colour)} />}
        </div>
        <div>
          <p className="text-3xl font-bold">{usd(month.spent)}</p>
          {change !== null && (
            <p className={cn('mt-1 flex items-center gap-1 text-sm', colour)}>
              <TrendIcon aria-hidden className="size-4" />
              {up ? 'Up' : 'Down'} {percent(Math.abs(change), 1)} from last month
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
                <span className="font-medium">{usd(value)}</span>
              </div>
              <Progress
                aria-label={`${label}'s share`}
                value={month.spent > 0 ? (100 * value) / month.spent : 0}
                className="h-1.5"
              />
            </div>
          ))}
        </div>
        {data.alerts.map((alert) => (
          <p
            key={`${alert.type}-${alert.threshold}`}
            className="rounded-md border border-yellow-200 bg-yellow-50 p-2 text-sm text-yellow-800"
          >
            {alert.message}
          </p>
        ))}
      </PopoverContent>
    </Popover>
  );
}
