import { useQuery } from '@tanstack/react-query';
import { DollarSignIcon, TrendingDownIcon, TrendingUpIcon } from 'lucide-react';
import { monthlyCostsQuery } from '@/api/costs';
import { Button } from '@/components/ui/button';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Progress } from '@/components/ui/progress';
import { amount, percent, usd } from '@/lib/format';
import { cn } from '@/lib/utils';
import { monthlyCosts } from './monthly-costs';

/** What this month has cost, in the header. */
export function CostTracker() {
  const today = new Date().toISOString().slice(0, 10);
  const { data } = useQuery(monthlyCostsQuery(today));
  if (!data) return null;
  const { current, change } = monthlyCosts(data.costs, today);
  const up = (change ?? 0) > 0;
  const TrendIcon = up ? TrendingUpIcon : TrendingDownIcon;
  const colour = up ? 'text-amber-700' : 'text-green-700';
  const trend = change === null ? null : `${up ? '+' : ''}${percent(change, 1)}`;
  const parts = [
    { label: 'Training', value: current.compute },
    { label: 'Storage', value: current.storage },
    { label: 'Data Transfer', value: current.dataTransfer },
  ];
  return (
    <Popover>
      <PopoverTrigger asChild>
        <Button variant="ghost" size="sm" aria-label={`Costs this month: ${usd(current.total)}`}>
          <DollarSignIcon aria-hidden />
          <span className="hidden lg:inline">{usd(current.total)}</span>
          {trend && <span className={cn('hidden text-xs lg:inline', colour)}>{trend}</span>}
        </Button>
      </PopoverTrigger>
      <PopoverContent className="w-80 space-y-4 p-4" aria-label="Monthly costs">
        <div className="flex items-center justify-between">
          <h2 className="text-base">Monthly Costs</h2>
          {trend && <TrendIcon aria-hidden className={cn('size-5', colour)} />}
        </div>
        <div>
          <p className="text-3xl font-bold">${amount(current.total)}</p>
          {change !== null && (
            <p className={cn('mt-1 flex items-center gap-1 text-sm', colour)}>
              <TrendIcon aria-hidden className="size-4" />
              {up ? 'Up' : 'Down'} {percent(Math.abs(change), 1)} from last month
            </p>
          )}
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
                value={current.total > 0 ? (100 * value) / current.total : 0}
                className="h-1.5"
              />
            </div>
          ))}
        </div>
      </PopoverContent>
    </Popover>
  );
}
