import type { components } from '@/api/schema';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';

type DatasetTotals = components['schemas']['DatasetTotals'];

/** Totals over all data sets, whatever the filters say. */
export function StatsBar({ stats, isPending }: { stats: DatasetTotals | undefined; isPending: boolean }) {
  const tiles = [
    { label: 'Total Datasets', value: stats?.totalDatasets },
    { label: 'Ready for Training', value: stats?.trainingReady, colour: 'text-green-700' },
    { label: 'Total Conversations', value: stats?.totalConversations },
    { label: 'Total Training Pairs', value: stats?.totalTrainingPairs },
  ];
  return (
    <dl className="grid grid-cols-1 gap-4 min-[400px]:grid-cols-2 md:grid-cols-4">
      {tiles.map(({ label, value, colour }) => (
        <div key={label} className="rounded-lg bg-muted p-4">
          <dt className="text-sm text-muted-foreground">{label}</dt>
          <dd className={cn('mt-1 text-2xl font-semibold', colour)}>
            {isPending ? (
              <Skeleton className="h-8 w-16 bg-foreground/10" />
            ) : value === undefined ? (
              UNKNOWN
            ) : (
              integer(value)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
