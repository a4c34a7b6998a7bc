import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { XIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { meQuery } from '@/api/auth';
import { jobQuery } from '@/api/jobs';
import { PageHeader } from '@/components/page-header';
import { Button } from '@/components/ui/button';
import { AccountCosts } from './account-costs';
import { ChartCard } from './chart-card';
import { JobCosts } from './job-costs';
import { MonthSummary } from './month-summary';
import { type CostsSearch, seesAllCosts } from './search';

const route = getRouteApi('/_app/costs');

export function CostsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: me } = useQuery(meQuery);
  const seesAll = seesAllCosts(me?.role);
  const change = (patch: Partial<CostsSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  return (
    <div className="space-y-6 p-6">
      <PageHeader
        title="Costs"
        subtitle={
          seesAll
            ? 'What training, storage and transfer cost: your own month, and the chart over everybody'
            : 'What training, storage and transfer cost'
        }
      />
      <MonthSummary />
      {search.user && (
        <Only onClear={() => change({ user: undefined })} clear="Show all accounts">
          The chart shows one account only: <UserName id={search.user} />
        </Only>
      )}
      {search.job && <OneJob id={search.job} onClear={() => change({ job: undefined })} />}
      <ChartCard search={search} onChange={change} />
      {seesAll && !search.user && !search.mine && !search.job && <AccountCosts search={search} onChange={change} />}
      <JobCosts search={search} onChange={change} />
    </div>
  );
}

/** Says that the chart is of one job only. */
function OneJob({ id, onClear }: { id: string; onClear: () => void }) {
  const { data } = useQuery(jobQuery(id));
  return (
    <Only onClear={onClear} clear="Show all jobs">
      The chart shows one job only: <strong>{data?.name ?? id}</strong>
    </Only>
  );
}

/** An account by its name where this page has seen it among the accounts, otherwise by its id. */
function UserName({ id }: { id: string }) {
  const client = useQueryClient();
  const users = client
    .getQueriesData<{ users: { id: string; name: string }[] }>({ queryKey: ['admin', 'users'] })
    .flatMap(([, list]) => list?.users ?? []);
  const accounts = client
    .getQueriesData<{ accounts?: { userId: string; name: string }[] }>({ queryKey: ['costs', 'list'] })
    .flatMap(([, list]) => list?.accounts?.map(({ userId, name }) => ({ id: userId, name })) ?? []);
  const seen = [...users, ...accounts];
  return <strong>{seen.find((user) => user.id === id)?.name ?? id}</strong>;
}

function Only({ children, clear, onClear }: { children: ReactNode; clear: string; onClear: () => void }) {
  return (
    <p className="flex flex-wrap items-center gap-2 text-sm">
      <span>{children}</span>
      <Button variant="outline" size="sm" onClick={onClear}>
        <XIcon aria-hidden className="mr-2" />
        {clear}
      </Button>
    </p>
  );
}
