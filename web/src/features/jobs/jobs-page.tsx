import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleCheckBigIcon, ClockIcon, PlayIcon, RocketIcon } from 'lucide-react';
import { activeJobsQuery } from '@/api/jobs';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Pager } from '@/components/pager';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { idsOf, MOST, toggled } from '@/features/compare/search';
import { JobCard } from './job-card';
import { PickBar } from './pick-bar';
import { isTab, type JobsTab, TABS, tabCount, tabQuery } from './tabs';

const route = getRouteApi('/_app/training/jobs/');
const LABELS: Record<JobsTab, string> = { active: 'Active', queued: 'Queued', completed: 'Completed' };

export function JobsPage() {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: active } = useQuery(activeJobsQuery);
  return (
    <div className="space-y-6 p-6">
      <PageHeader
        title="Training Jobs"
        subtitle="Follow your training jobs and manage them"
        actions={
          <Button asChild>
            <Link to="/datasets" search={{ trainingReady: 'true' }}>
              <PlayIcon aria-hidden className="mr-2" />
              Start New Training
            </Link>
          </Button>
        }
      />
      <Tabs
        value={tab}
        onValueChange={(next) =>
          isTab(next) && void navigate({ search: (old) => ({ ...old, tab: next, page: 1 }), replace: true })
        }
        className="gap-8"
      >
        <TabsList>
          {TABS.map((name) => {
            const count = tabCount(name, active?.counts);
            return (
              <TabsTrigger key={name} value={name}>
                {LABELS[name]}
                {count > 0 && ` (${count})`}
              </TabsTrigger>
            );
          })}
        </TabsList>
        <PickBar />
        <TabsContent value={tab}>
          <JobList />
        </TabsContent>
      </Tabs>
    </div>
  );
}

function JobList() {
  const { tab, page, pick } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, isPlaceholderData } = useQuery(tabQuery(tab, page));
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  // What was listed under another tab is not shown under this one.
  if (!data || isPlaceholderData) return <Loading />;
  if (data.jobs.length === 0) return <NoJobs tab={tab} />;
  const picked = idsOf(pick);
  const onPick = (id: string) =>
    void navigate({ search: (old) => ({ ...old, pick: toggled(old.pick, id) }), replace: true, resetScroll: false });
  return (
    <div className="space-y-6">
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
        {data.jobs.map((job) => (
          <JobCard
            key={job.id}
            job={job}
            picked={picked.includes(job.id)}
            // There is a curve only once it has begun.
            onPick={
              job.startedAt && (picked.length < MOST || picked.includes(job.id)) ? () => onPick(job.id) : undefined
            }
          />
        ))}
      </div>
      <Pager
        page={page}
        hasMore={data.hasMore}
        onPage={(next) => void navigate({ search: (old) => ({ ...old, page: next }) })}
      />
    </div>
  );
}

function Loading() {
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
      {[1, 2].map((n) => (
        <Skeleton key={n} className="h-44 rounded-xl" />
      ))}
    </div>
  );
}

const FRAME = 'rounded-xl border bg-card';

function NoJobs({ tab }: { tab: JobsTab }) {
  if (tab === 'queued') {
    return (
      <EmptyState icon={ClockIcon} title="No queued jobs" className={FRAME}>
        Jobs wait here when every machine is busy.
      </EmptyState>
    );
  }
  if (tab === 'completed') {
    return (
      <EmptyState icon={CircleCheckBigIcon} title="No completed jobs" className={FRAME}>
        Jobs that have ended, with any result, are kept here.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      className={FRAME}
      icon={RocketIcon}
      title="No active training jobs"
      action={
        <Button asChild>
          <Link to="/datasets" search={{ trainingReady: 'true' }}>
            <PlayIcon aria-hidden className="mr-2" />
            Start Training
          </Link>
        </Button>
      }
    >
      Choose a dataset that is ready, and start a job on it.
    </EmptyState>
  );
}
