import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { BrainIcon } from 'lucide-react';
import { modelsQuery } from '@/api/models';
import type { components } from '@/api/schema';
import { Choice } from '@/components/choice';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Pager } from '@/components/pager';
import { StatCard } from '@/components/stat-card';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, UNKNOWN } from '@/lib/format';
import { DeletedModelCard } from './deleted-model-card';
import { ModelCard } from './model-card';
import { modelsRequest, SHOWN } from './search';

const route = getRouteApi('/_app/models/');

export function ModelsPage() {
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Models" subtitle="Your trained LoRA adapters" />
      <div className="grid grid-cols-1 gap-6 md:grid-cols-3">
        <Count label="Stored Models" foot="Ready to use" status="stored" />
        <Count label="Archived Models" foot="Put aside" status="archived" />
        <Count label="Total Models" foot="All model versions" status="all" />
      </div>
      <Heading />
      <ModelList />
    </div>
  );
}

function Count(props: { label: string; foot: string; status: components['schemas']['ModelStatusFilter'] }) {
  const { data, isError } = useQuery(modelsQuery({ status: props.status, pageSize: 1 }));
  const value = data ? integer(data.total) : isError ? UNKNOWN : undefined;
  return <StatCard label={props.label} value={value} foot={props.foot} />;
}

function Heading() {
  const { show } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <h2>{SHOWN.find(({ value }) => value === show)?.label}</h2>
      <Choice
        aria-label="Models shown"
        className="w-44"
        value={show}
        options={SHOWN}
        onChange={(next) => void navigate({ search: { show: next, page: 1 } })}
      />
    </div>
  );
}

function ModelList() {
  const { page, show } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, isPlaceholderData } = useQuery(modelsQuery(modelsRequest({ page, show })));
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  // What was listed before the choice was changed is not shown under the new one.
  const models = isPlaceholderData && page === 1 ? undefined : data?.models;
  if (models?.length === 0) {
    return (
      <EmptyState icon={BrainIcon} title={EMPTY[show].title}>
        {EMPTY[show].about}
      </EmptyState>
    );
  }
  return (
    <>
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 lg:grid-cols-3">
        {models
          ? models.map((model) =>
              model.deletedAt ? (
                <DeletedModelCard key={model.id} model={model} />
              ) : (
                <ModelCard key={model.id} model={model} />
              ),
            )
          : [1, 2, 3].map((n) => <Skeleton key={n} className="h-64 rounded-xl" />)}
      </div>
      {models && data && (
        <Pager
          page={page}
          hasMore={data.hasMore}
          onPage={(next) => void navigate({ search: (old) => ({ ...old, page: next }) })}
        />
      )}
    </>
  );
}

const EMPTY = {
  all: { title: 'No models yet', about: 'Each completed training job leaves its adapter here.' },
  stored: { title: 'No stored models', about: 'Models that are ready to use are listed here.' },
  archived: { title: 'No archived models', about: 'Models that were put aside are listed here.' },
  deleted: { title: 'No deleted models', about: 'A deleted model can be restored from here for 30 days.' },
} as const;
