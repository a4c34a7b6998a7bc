import { useQueries } from '@tanstack/react-query';
import { ActivityIcon } from 'lucide-react';
import { lazy, Suspense, useId } from 'react';
import { isLive, metricsQuery } from '@/api/jobs';
import type { Job } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Card } from '@/components/ui/card';
import { Checkbox } from '@/components/ui/checkbox';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { Skeleton } from '@/components/ui/skeleton';
import { loss, StepTable } from '../charts/step-table';
import { dataKey, type MergedPoint, mergeCurves } from './curves';
import { type CompareSearch, SHOWN } from './search';

const CompareChart = lazy(() => import('./compare-chart'));
const LABELS = { both: 'Training and validation', training: 'Training loss', validation: 'Validation loss' } as const;
/** How often the curve of a run that goes on is read again, in milliseconds. */
const AGAIN = 10_000;

interface CurvesCardProps {
  jobs: Job[];
  search: CompareSearch;
  onChange: (patch: Partial<CompareSearch>) => void;
}

export function CurvesCard({ jobs, search, onChange }: CurvesCardProps) {
  const id = useId();
  return (
    <Card className="gap-6 p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-lg font-semibold">Loss Curves</h2>
          <p className="text-sm text-muted-foreground">Training loss is solid, validation loss dashed</p>
        </div>
        <div className="flex flex-wrap items-center gap-4">
          <Select
            value={search.losses}
            onValueChange={(value) => onChange({ losses: SHOWN.find((losses) => losses === value) })}
          >
            <SelectTrigger className="w-52" aria-label="Losses shown">
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              {SHOWN.map((show) => (
                <SelectItem key={show} value={show}>
                  {LABELS[show]}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
          <label htmlFor={id} className="flex items-center gap-2 text-sm whitespace-nowrap">
            <Checkbox
              id={id}
              checked={search.log === true}
              onCheckedChange={(checked) => onChange({ log: checked === true ? true : undefined })}
            />
            Log axis
          </label>
        </div>
      </div>
      <Plot jobs={jobs} show={search.losses} log={search.log === true} />
    </Card>
  );
}

function Plot({ jobs, show, log }: { jobs: Job[]; show: CompareSearch['losses']; log: boolean }) {
  const curves = useQueries({
    queries: jobs.map((job) => ({
      ...metricsQuery(job.id),
      refetchInterval: isLive(job.status) ? AGAIN : (false as const),
    })),
  });
  const failed = curves.find(({ error, data }) => error && !data);
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  if (curves.some(({ data }) => !data)) return <Skeleton className="h-[400px]" />;
  const runs = curves.map(({ data }) => data?.points ?? []);
  if (runs.every((points) => points.length === 0)) {
    return (
      <EmptyState icon={ActivityIcon} title="No losses yet">
        None of these jobs has reported a step so far.
      </EmptyState>
    );
  }
  const silent = jobs.filter((_, run) => runs[run]?.length === 0).map(({ name }) => name);
  return (
    <>
      <div className="h-[320px] sm:h-[420px]">
        <Suspense fallback={<Skeleton className="size-full" />}>
          <CompareChart
            points={mergeCurves(runs, { log })}
            names={jobs.map(({ name }) => name)}
            show={show}
            log={log}
          />
        </Suspense>
      </div>
      {silent.length > 0 && (
        <p className="text-sm text-muted-foreground">Without a curve so far: {silent.join(', ')}.</p>
      )}
      <StepTable
        title="The curves as a table"
        label="Losses by step"
        points={mergeCurves(runs)}
        columns={jobs.map((job, run) => ({
          key: job.id,
          head: `${job.name} (training / validation)`,
          cell: (point: MergedPoint) =>
            `${loss(point[dataKey('trainingLoss', run)])} / ${loss(point[dataKey('validationLoss', run)])}`,
        }))}
      />
    </>
  );
}
