import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RocketIcon } from 'lucide-react';
import { jobsQuery } from '@/api/jobs';
import type { Job } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { date, duration, usd } from '@/lib/format';
import type { CostsSearch } from './search';

/** What each of the caller's jobs cost over its whole life, the dearest first. */
export function JobCosts({
  search,
  onChange,
}: {
  search: CostsSearch;
  onChange: (patch: Partial<CostsSearch>) => void;
}) {
  const { data, error, refetch } = useQuery(jobsQuery({ sortBy: 'cost-desc', page: search.page, pageSize: 10 }));
  return (
    <Card className="gap-4 p-6">
      <div>
        <h2 className="text-lg font-semibold">Your Jobs by Cost</h2>
        <p className="text-sm text-muted-foreground">
          All that each has cost, whatever the range above; the dearest first
        </p>
      </div>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton className="h-40" />
      ) : data.jobs.length === 0 ? (
        <EmptyState icon={RocketIcon} title="No jobs yet">
          Each training job is listed here with what it cost.
        </EmptyState>
      ) : (
        <Jobs jobs={data.jobs} chosen={search.job} onChoose={(job) => onChange({ job })} />
      )}
      {data && <Pager page={search.page} hasMore={data.hasMore} onPage={(page) => onChange({ page })} />}
    </Card>
  );
}

interface JobsProps {
  jobs: Job[];
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}

function Jobs({ jobs, chosen, onChoose }: JobsProps) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
      tabIndex={0}
      aria-label="Costs by job"
      className="relative overflow-x-auto rounded-lg border"
    >
      <table className="w-full text-sm">
        <thead className="bg-muted text-left whitespace-nowrap text-muted-foreground">
          <tr>
            <th className="px-3 py-2 font-normal">Job</th>
            <th className="px-3 py-2 font-normal">Created</th>
            <th className="px-3 py-2 text-right font-normal">Billed time</th>
            <th className="px-3 py-2 text-right font-normal">Estimate</th>
            <th className="px-3 py-2 text-right font-normal">Cost</th>
            <th className="px-3 py-2">
              <span className="sr-only">Chart</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id} className="border-t">
              <th scope="row" className="min-w-40 px-3 py-2 text-left font-medium">
                <Link
                  to="/training/jobs/$jobId"
                  params={{ jobId: job.id }}
                  className="break-words underline-offset-4 hover:underline"
                >
                  {job.name}
                </Link>
              </th>
              <td className="px-3 py-2 whitespace-nowrap text-muted-foreground">{date(job.createdAt)}</td>
              <td className="px-3 py-2 text-right whitespace-nowrap">{duration(job.elapsedSeconds)}</td>
              <td className="px-3 py-2 text-right">{usd(job.estimatedTotalCost)}</td>
              <td className="px-3 py-2 text-right font-medium">{usd(job.finalCost ?? job.currentCost)}</td>
              <td className="px-3 py-2 text-right">
                <Button
                  variant="outline"
                  size="sm"
                  aria-pressed={chosen === job.id}
                  aria-label={`Only ${job.name} in the chart`}
                  className="aria-pressed:bg-accent"
                  onClick={() => onChoose(chosen === job.id ? undefined : job.id)}
                >
                  {chosen === job.id ? 'Shown' : 'Show'}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
