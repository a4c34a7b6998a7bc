import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { datasetQuery } from '@/api/datasets';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Dialog, DialogContent, DialogDescription, DialogTitle } from '@/components/ui/dialog';
import { Skeleton } from '@/components/ui/skeleton';
import { isNotFound } from '@/lib/errors';
import { CLOSED } from './search';
import type { DatasetTab } from './tabs';

const DatasetDetails = lazy(() => import('./dataset-details').then((part) => ({ default: part.DatasetDetails })));

/** A data set, over the list of all. */
export function DatasetDialog({ id, tab }: { id: string; tab: DatasetTab }) {
  const navigate = useNavigate();
  const close = () => void navigate({ to: '/datasets', search: (old) => ({ ...old, ...CLOSED }) });
  const choose = (next: DatasetTab) =>
    void navigate({
      to: '/datasets/$id',
      params: { id },
      search: (old) => ({ ...old, ...CLOSED, show: next === 'overview' ? undefined : next }),
      replace: true,
    });
  const { data, error, refetch } = useQuery(datasetQuery(id));
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent
        aria-describedby={undefined}
        className="flex max-h-[90dvh] flex-col gap-0 overflow-hidden p-0 sm:max-w-4xl"
      >
        {data && (
          <Suspense fallback={<Loading />}>
            <DatasetDetails dataset={data} tab={tab} onTab={choose} onClose={close} />
          </Suspense>
        )}
        {!data && error && (
          <>
            <DialogTitle className="sr-only">Dataset</DialogTitle>
            {isNotFound(error) ? (
              <ErrorState error={error} title="There is no such dataset" />
            ) : (
              <ErrorState error={error} onRetry={() => void refetch()} />
            )}
            <Button variant="outline" className="m-6 self-start" onClick={close}>
              Close
            </Button>
          </>
        )}
        {!data && !error && <Loading />}
      </DialogContent>
    </Dialog>
  );
}

function Loading() {
  return (
    <div className="space-y-6 p-6">
      <DialogTitle className="sr-only">Dataset</DialogTitle>
      <DialogDescription className="sr-only">Loading</DialogDescription>
      <Skeleton className="h-8 w-2/3" />
      <Skeleton className="h-9 w-full rounded-xl" />
      <div className="grid grid-cols-2 gap-4 md:grid-cols-4">
        {[1, 2, 3, 4].map((n) => (
          <Skeleton key={n} className="h-20" />
        ))}
      </div>
      <Skeleton className="h-48 w-full" />
    </div>
  );
}
