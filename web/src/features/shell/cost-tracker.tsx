import { useQuery } from '@tanstack/react-query';
import { DollarSignIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { costSummaryQuery } from '@/api/costs';
import { PopoverOnDemand } from '@/components/popover-on-demand';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { percent, usd } from '@/lib/format';
import { cn } from '@/lib/utils';

const CostPanel = lazy(() => import('./cost-panel'));

/** What this month has cost, in the header. */
export function CostTracker() {
  const [open, setOpen] = useState(false);
  const { data } = useQuery(costSummaryQuery);
  if (!data) return null;
  const { spent, trendPercent } = data.currentMonth;
  const up = (trendPercent ?? 0) > 0;
  const button = (
    <Button variant="ghost" size="sm" aria-label={`Costs this month: ${usd(spent)}`}>
      <DollarSignIcon aria-hidden />
      <span className="hidden lg:inline">{usd(spent)}</span>
      {trendPercent !== undefined && (
        <span className={cn('hidden text-xs lg:inline', up ? 'text-amber-700' : 'text-green-700')}>
          {up && '+'}
          {percent(trendPercent, 1)}
        </span>
      )}
    </Button>
  );
  return (
    <PopoverOnDemand
      button={button}
      label="Monthly costs"
      className="w-80 space-y-4 p-4"
      open={open}
      onOpenChange={setOpen}
    >
      <Suspense fallback={<Skeleton className="h-64" />}>
        <CostPanel summary={data} onLeave={() => setOpen(false)} />
      </Suspense>
    </PopoverOnDemand>
  );
}
