import { useQueries } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { GitCompareArrowsIcon, XIcon } from 'lucide-react';
import { isLive, jobQuery } from '@/api/jobs';
import type { Job } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { STATUS } from '@/features/jobs/status';
import { plural, UNKNOWN } from '@/lib/format';
import { colourOf } from './colours';
import { CurvesCard } from './curves-card';
import { MEASURES } from './measures';
import { RunTable } from './run-table';
import { type CompareSearch, FEWEST, idsOf, toggled } from './search';
import { differingSettings, least } from './settings';

const route = getRouteApi('/_app/training/compare');
/** How often a job that goes on is read again, in milliseconds. */
const AGAIN = 5000;

export function ComparePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<CompareSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  const ids = idsOf(search.jobs);
  return (
    <div className="space-y-6 p-6">
      <PageHeader
        title="Compare Runs"
        subtitle="Curves, settings, figures and costs of several jobs side by side"
        actions={
          <Button asChild variant="outline">
            <Link to="/training/jobs" search={{ tab: 'completed', page: 1, pick: ids.join(',') || undefined }}>
              Choose Jobs
            </Link>
          </Button>
        }
      />
      {ids.length < FEWEST ? (
        <TooFew chosen={ids.length} />
      ) : (
        <Comparison key={ids.join()} ids={ids} search={search} onChange={change} />
      )}
    </div>
  );
}

function TooFew({ chosen }: { chosen: number }) {
  return (
    <EmptyState icon={GitCompareArrowsIcon} title={chosen === 0 ? 'No jobs chosen' : 'Only one job chosen'}>
      A comparison needs two to six jobs. Mark them in the list of training jobs and press Compare there.
    </EmptyState>
  );
}

interface ComparisonProps {
  ids: string[];
  search: CompareSearch;
  onChange: (patch: Partial<CompareSearch>) => void;
}

function Comparison({ ids, search, onChange }: ComparisonProps) {
  const queries = useQueries({
    queries: ids.map((id) => ({
      ...jobQuery(id),
      refetchInterval: ({ state }: { state: { data?: Job } }) =>
        state.data && isLive(state.data.status) ? AGAIN : (false as const),
    })),
  });
  const failed = queries.findIndex(({ error, data }) => error && !data);
  if (failed >= 0) {
    const drop = () => onChange({ jobs: toggled(search.jobs, ids[failed] ?? '') ?? '' });
    return (
      <div className="text-center">
        <ErrorState
          title="One of these jobs could not be loaded"
          error={queries[failed]?.error}
          onRetry={() => void queries[failed]?.refetch()}
        />
        <Button variant="outline" onClick={drop}>
          Compare without it
        </Button>
      </div>
    );
  }
  const jobs = queries.map(({ data }) => data).filter((job) => job !== undefined);
  if (jobs.length < ids.length) return <Loading />;
  return (
    <>
      <Runs jobs={jobs} onDrop={(id) => onChange({ jobs: toggled(search.jobs, id) ?? '' })} />
      <CurvesCard jobs={jobs} search={search} onChange={onChange} />
      <Figures jobs={jobs} />
      <Settings jobs={jobs} />
    </>
  );
}

function Loading() {
  return (
    <output className="block space-y-6">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-10" />
      <Skeleton className="h-[520px] rounded-xl" />
      <Skeleton className="h-72 rounded-xl" />
    </output>
  );
}

function Runs({ jobs, onDrop }: { jobs: Job[]; onDrop: (id: string) => void }) {
  return (
    <ul aria-label="Compared jobs" className="flex flex-wrap gap-3">
      {jobs.map((job, run) => (
        <li key={job.id} className="flex max-w-full items-center gap-2 rounded-lg border py-1 pr-1 pl-3 text-sm">
          <span aria-hidden className="size-2.5 shrink-0 rounded-full" style={{ background: colourOf(run) }} />
          <Link
            to="/training/jobs/$jobId"
            params={{ jobId: job.id }}
            className="truncate font-medium underline-offset-4 hover:underline"
          >
            {job.name}
          </Link>
          <Badge variant={STATUS[job.status].badge}>{STATUS[job.status].label}</Badge>
          <Button variant="ghost" size="sm" aria-label={`Leave out ${job.name}`} onClick={() => onDrop(job.id)}>
            <XIcon aria-hidden />
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Figures({ jobs }: { jobs: Job[] }) {
  const rows = MEASURES.map(({ label, value, text, less }) => {
    const values = jobs.map(value);
    return {
      label,
      values: values.map((figure) => (figure === undefined ? UNKNOWN : text(figure))),
      // What a run that did not end took says nothing yet.
      best: less && jobs.every(({ status }) => status === 'completed') ? least(values) : undefined,
    };
  });
  return (
    <Card className="gap-4 p-6">
      <h2 className="text-lg font-semibold">Figures, Time and Cost</h2>
      <RunTable jobs={jobs} rows={rows} label="Figures of each run" />
    </Card>
  );
}

function Settings({ jobs }: { jobs: Job[] }) {
  const { rows, same } = differingSettings(jobs);
  return (
    <Card className="gap-4 p-6">
      <div>
        <h2 className="text-lg font-semibold">Settings That Differ</h2>
        <p className="text-sm text-muted-foreground">{plural(same, 'other setting')} the same in all of them</p>
      </div>
      {rows.length > 0 ? (
        <RunTable jobs={jobs} rows={rows} label="Settings that differ" />
      ) : (
        <p>These runs have the same settings.</p>
      )}
    </Card>
  );
}
