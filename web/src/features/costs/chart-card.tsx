import { useMutation, useQuery } from '@tanstack/react-query';
import { ChartColumnIcon, DownloadIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { type CostsQuery, costsCsv, costsQuery } from '@/api/costs';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { usd } from '@/lib/format';
import { saveBlob } from '@/lib/save';
import { toast } from '@/lib/toast';
import { CostsTable } from './costs-table';
import { Filters } from './filters';
import { KINDS } from './kinds';
import { type CostsSearch, queryOf } from './search';
import { today, withGaps } from './span';

const CostsChart = lazy(() => import('./costs-chart'));

export function ChartCard({
  search,
  onChange,
}: {
  search: CostsSearch;
  onChange: (patch: Partial<CostsSearch>) => void;
}) {
  const query = queryOf(search, today());
  const { data, error, refetch } = useQuery(costsQuery(query));
  return (
    <Card className="gap-6 p-6">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="text-lg font-semibold">Costs by Kind</h2>
          <p className="text-sm text-muted-foreground">Days of your time zone, {query.timezone}</p>
        </div>
        <Export query={query} disabled={!data || data.costs.length === 0} />
      </div>
      <Filters search={search} onChange={onChange} />
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton className="h-[360px]" />
      ) : data.costs.length === 0 ? (
        <EmptyState icon={ChartColumnIcon} title="No costs in this time">
          Training, storage and transfer are recorded as they happen. Choose another range to see more.
        </EmptyState>
      ) : (
        <>
          <dl className="flex flex-wrap gap-x-8 gap-y-3">
            <Figure label="Total" value={data.summary.totalSpend} />
            {KINDS.map(({ key, label }) => (
              <Figure key={key} label={label} value={data.summary[key]} />
            ))}
            <Figure label="Mean of a job" value={data.summary.averageJobCost} />
          </dl>
          <div className="h-[320px] sm:h-[360px]">
            <Suspense fallback={<Skeleton className="size-full" />}>
              <CostsChart rows={withGaps(data.costs, search.by, query)} by={search.by} />
            </Suspense>
          </div>
          <CostsTable rows={data.costs} by={search.by} />
        </>
      )}
    </Card>
  );
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt className="text-xs text-muted-foreground">{label}</dt>
      <dd className="font-medium">{usd(value)}</dd>
    </div>
  );
}

function Export({ query, disabled }: { query: CostsQuery; disabled: boolean }) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => costsCsv(query),
    onSuccess: (blob) => saveBlob(`costs-${query.startDate ?? 'all'}-to-${query.endDate ?? today()}.csv`, blob),
    onError: (error) => toast.error('The export failed', { description: messageOf(error) }),
  });
  return (
    <Button variant="outline" size="sm" disabled={disabled || isPending} onClick={() => mutate()}>
      <DownloadIcon aria-hidden className="mr-2" />
      Export CSV
    </Button>
  );
}
