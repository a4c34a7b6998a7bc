import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Outlet } from '@tanstack/react-router';
import { PlusIcon } from 'lucide-react';
import { lazy, Suspense, useCallback } from 'react';
import { datasetsQuery } from '@/api/datasets';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Pager } from '@/components/pager';
import { Button } from '@/components/ui/button';
import { DatasetCard } from './card/dataset-card';
import { DatasetCardSkeleton } from './card/dataset-card-skeleton';
import { FilterBar } from './filter-bar';
import { FilterPills } from './filter-pills';
import { type DatasetsSearch, filterCount, listQuery } from './search';
import { shown } from './shown';
import { StatsBar } from './stats-bar';

const DeletedDatasetCard = lazy(() => import('./card/deleted-card'));
const NoDatasets = lazy(() => import('./no-datasets'));
const UploadDialog = lazy(() => import('./upload/upload-dialog'));
const route = getRouteApi('/_app/datasets');

export function DatasetsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (patch: Partial<DatasetsSearch>) =>
      void navigate({ to: '.', search: (old) => ({ ...old, page: 1, ...patch }), replace: true }),
    [navigate],
  );
  const clear = () => change({ search: '', format: 'all', trainingReady: 'all', deleted: false });
  const create = (open: boolean) =>
    void navigate({ to: '/datasets', search: (old) => ({ ...old, create: open || undefined }) });
  const { data, error, isPending, refetch } = useQuery(datasetsQuery(listQuery(search)));
  const filtered = filterCount(search) > 0;

  return (
    <div className="space-y-6 p-6">
      <PageHeader
        large
        title="Datasets"
        subtitle="Your training data, checked and ready for LoRA fine-tuning"
        actions={
          <Button onClick={() => create(true)}>
            <PlusIcon aria-hidden className="mr-2" />
            Create Dataset
          </Button>
        }
      />
      <StatsBar stats={data?.stats} isPending={isPending} />
      <FilterBar search={search} onChange={change} onClear={clear} />
      <FilterPills search={search} onChange={change} onClear={clear} />
      {data && (
        <p className="text-sm text-muted-foreground" role="status">
          {shown(data, search.deleted)}
        </p>
      )}
      {error && !data && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data?.datasets.length === 0 && (
        <Suspense>
          <NoDatasets filtered={filtered} onClear={clear} onCreate={() => create(true)} />
        </Suspense>
      )}
      <div className="grid grid-cols-1 gap-6 md:grid-cols-2 lg:grid-cols-3">
        {data?.datasets.map((dataset) =>
          dataset.deletedAt ? (
            <Suspense key={dataset.id} fallback={<DatasetCardSkeleton />}>
              <DeletedDatasetCard dataset={dataset} />
            </Suspense>
          ) : (
            <DatasetCard key={dataset.id} dataset={dataset} />
          ),
        )}
        {!data && !error && [1, 2, 3].map((n) => <DatasetCardSkeleton key={n} />)}
      </div>
      {data && <Pager page={search.page} hasMore={data.hasMore} onPage={(page) => change({ page })} />}
      {search.create && (
        <Suspense>
          <UploadDialog onClose={() => create(false)} />
        </Suspense>
      )}
      <Outlet />
    </div>
  );
}
