import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeftIcon, HistoryIcon } from 'lucide-react';
import { modelQuery } from '@/api/models';
import type { ModelDetail } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { isNotFound } from '@/lib/errors';
import { ActionsCard } from './detail/actions-card';
import { ConfigCard } from './detail/config-card';
import { DownloadCard } from './detail/download-card';
import { HeaderCard } from './detail/header-card';
import { LineageCard } from './detail/lineage-card';
import { QualityCard } from './detail/quality-card';
import { SummaryCard } from './detail/summary-card';
import { UseCard } from './detail/use-card';
import { VersionHistory } from './detail/version-history';

export function ModelPage({ id, history }: { id: string; history: boolean }) {
  const { data, error, refetch } = useQuery(modelQuery(id));
  if (isNotFound(error)) return <ErrorState error={error} heading="h1" title="There is no such model" />;
  if (error && !data) return <ErrorState error={error} heading="h1" onRetry={() => void refetch()} />;
  return (
    <div className="mx-auto max-w-7xl space-y-6 p-6">
      <PageHeader
        large
        leading={
          <Button asChild variant="ghost" size="sm">
            <Link to="/models" aria-label="Back to models">
              <ArrowLeftIcon aria-hidden />
            </Link>
          </Button>
        }
        title="Model Artifacts"
        subtitle="The trained adapter, where it comes from and how good it is"
        actions={
          <Button asChild variant="outline" size="sm">
            <Link
              to="/models/$artifactId"
              params={{ artifactId: id }}
              search={history ? {} : { history: true }}
              replace
              resetScroll={false}
            >
              <HistoryIcon aria-hidden className="mr-2" />
              {history ? 'Hide Version History' : 'Show Version History'}
            </Link>
          </Button>
        }
      />
      {data ? <Loaded model={data} history={history} /> : <Loading />}
    </div>
  );
}

function Loaded({ model, history }: { model: ModelDetail; history: boolean }) {
  return (
    <>
      <HeaderCard model={model} />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <div className="min-w-0 space-y-6 lg:col-span-2">
          <DownloadCard model={model} />
          <QualityCard metrics={model.qualityMetrics} />
          <UseCard model={model} />
          <SummaryCard model={model} />
          {history && <VersionHistory model={model} />}
        </div>
        <div className="min-w-0 space-y-6">
          <ConfigCard model={model} />
          <LineageCard model={model} />
          <ActionsCard model={model} />
        </div>
      </div>
      {model.status === 'stored' && <Banner datasetId={model.datasetLineage.originalDataset?.id} jobId={model.jobId} />}
    </>
  );
}

function Banner({ datasetId, jobId }: { datasetId: string | undefined; jobId: string }) {
  return (
    <section className="flex flex-col gap-4 rounded-xl border-2 border-blue-200 bg-gradient-to-r from-blue-50 to-purple-50 p-6 sm:flex-row">
      <span aria-hidden className="flex size-12 shrink-0 items-center justify-center rounded-full bg-blue-500 text-2xl">
        🎯
      </span>
      <div className="space-y-3">
        <h2 className="text-lg font-semibold">Training Pipeline Complete!</h2>
        <p className="text-sm text-muted-foreground">
          From dataset over configuration and training to this model: every step is done.
        </p>
        <Button asChild variant="outline" size="sm">
          {datasetId ? (
            <Link to="/training/configure" search={{ dataset_id: datasetId, from_job: jobId }}>
              Train Another Model
            </Link>
          ) : (
            <Link to="/datasets">Train Another Model</Link>
          )}
        </Button>
      </div>
    </section>
  );
}

function Loading() {
  return (
    <>
      <Skeleton className="h-44 rounded-xl" />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <div className="space-y-6 lg:col-span-2">
          <Skeleton className="h-80 rounded-xl" />
          <Skeleton className="h-96 rounded-xl" />
        </div>
        <Skeleton className="h-96 rounded-xl" />
      </div>
    </>
  );
}
