import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { BrainIcon } from 'lucide-react';
import { modelsQuery } from '@/api/models';
import type { components } from '@/api/schema';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Pager } from '@/components/pager';
import { StatCard } from '@/components/stat-card';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, UNKNOWN } from '@/lib/format';
import { ModelCard } from './model-card';

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
      <h2>All Models</h2>
      <ModelList />
    </div>
  );
}

function Count(props: { label: string; foot: string; status: components['schemas']['ModelStatusFilter'] }) {
  const { data, isError } = useQuery(modelsQuery({ status: props.status, pageSize: 1 }));
  const value = data ? integer(data.total) : isError ? UNKNOWN : undefined;
  return <StatCard label={props.label} value={value} foot={props.foot} />;
}

function ModelList() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(modelsQuery({ page, pageSize: 24 }));
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data?.models.length === 0) {
    return (
      <EmptyState icon={BrainIcon} title="No models yet">
        Each completed training job leaves its adapter here.
      </EmptyState>
    );
  }
  return (
    <>
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 lg:grid-cols-3">
        {data
          ? data.models.map((model) => <ModelCard key={model.id} model={model} />)
          : [1, 2, 3].map((n) => <Skeleton key={n} className="h-64 rounded-xl" />)}
      </div>
      {data && (
        <Pager page={page} hasMore={data.hasMore} onPage={(next) => void navigate({ search: { page: next } })} />
      )}
    </>
  );
}
