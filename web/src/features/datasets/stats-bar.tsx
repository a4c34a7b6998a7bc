import { useQuery } from '@tanstack/react-query';
import { datasetTotalsQuery } from '@/api/datasets';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';

/** Totals over all data sets, whatever the filters say. */
export function StatsBar() {
  const { data, isPending } = useQuery(datasetTotalsQuery);
  const tiles = [
    { label: 'Total Datasets', value: data?.datasets },
    { label: 'Ready for Training', value: data?.ready, colour: 'text-green-700' },
    { label: 'Total Conversations', value: data?.conversations },
    { label: 'Total Training Pairs', value: data?.pairs },
  ];
  return (
    <dl className="grid grid-cols-1 gap-4 min-[400px]:grid-cols-2 md:grid-cols-4">
      {tiles.map(({ label, value, colour }) => (
        <div key={label} className="rounded-lg bg-muted p-4">
          <dt className="text-sm text-muted-foreground">{label}</dt>
          <dd className={cn('text-2xl font-semibold', colour)}>
            {isPending ? <Skeleton className="h-8 w-16 bg-black/10" /> : value === undefined ? UNKNOWN : integer(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}
