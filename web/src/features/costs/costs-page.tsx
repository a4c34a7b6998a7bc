import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { XIcon } from 'lucide-react';
import { jobQuery } from '@/api/jobs';
import { PageHeader } from '@/components/page-header';
import { Button } from '@/components/ui/button';
import { ChartCard } from './chart-card';
import { JobCosts } from './job-costs';
import { MonthSummary } from './month-summary';
import type { CostsSearch } from './search';

const route = getRouteApi('/_app/costs');

export function CostsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<CostsSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Costs" subtitle="What training, storage and transfer cost" />
      <MonthSummary />
      {search.job && <OneJob id={search.job} onClear={() => change({ job: undefined })} />}
      <ChartCard search={search} onChange={change} />
      <JobCosts search={search} onChange={change} />
    </div>
  );
}

/** Says that the chart is of one job only. */
function OneJob({ id, onClear }: { id: string; onClear: () => void }) {
  const { data } = useQuery(jobQuery(id));
  return (
    <p className="flex flex-wrap items-center gap-2 text-sm">
      <span>
        The chart shows one job only: <strong>{data?.name ?? id}</strong>
      </span>
      <Button variant="outline" size="sm" onClick={onClear}>
        <XIcon aria-hidden />
        Show all jobs
      </Button>
    </p>
  );
}
