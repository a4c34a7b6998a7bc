import { useMutation, useQuery } from '@tanstack/react-query';
import { ActivityIcon, DownloadIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { allMetrics, isLive, metricsQuery } from '@/api/jobs';
import type { JobDetail, MetricsPoint } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { decimal, integer, plural } from '@/lib/format';
import { saveBlob, saveText } from '@/lib/save';
import { toast } from '@/lib/toast';
import { loss, StepTable } from '../../charts/step-table';
import { extent, plotPoints, toCsv } from '../chart/view';
import { useMonitorSearch } from '../use-monitor-search';

const ChartControls = lazy(() => import('../chart/chart-controls'));
const LossChart = lazy(() => import('../chart/loss-chart'));

const COLUMNS = [
  { key: 'training', head: 'Training Loss', cell: (point: MetricsPoint) => loss(point.trainingLoss) },
  { key: 'validation', head: 'Validation Loss', cell: (point: MetricsPoint) => loss(point.validationLoss) },
];

export function LossCard({ job }: { job: JobDetail }) {
  const { data, error, refetch } = useQuery(metricsQuery(job.id));
  const points = data?.points ?? [];
  const [view, change] = useMonitorSearch();
  const ends = extent(points);
  return (
    <Card className="gap-8 p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-lg font-semibold">Loss Curve</h2>
          <p className="text-sm text-muted-foreground">How far the answers are from the dataset&apos;s, step by step</p>
        </div>
        <Exports job={job} points={points} />
      </div>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <div className="h-[300px] sm:h-[400px]">
          <Plot points={data?.points} live={isLive(job.status)} />
        </div>
      )}
      {ends && ends.last > ends.first && (
        <Suspense fallback={<Skeleton className="h-24" />}>
          <ChartControls view={view} extent={ends} onChange={change} />
        </Suspense>
      )}
      {job.status === 'completed' && (
        <p className="rounded-lg border border-green-200 bg-green-50 p-3 text-sm text-green-800">
          <strong>Training Complete!</strong> The final losses are recorded.
        </p>
      )}
      <p className="flex flex-wrap justify-between gap-2 text-xs text-muted-foreground">
        <span>
          Showing {plural(points.length, 'data point')}
          {data && data.total > points.length && ` of ${integer(data.total)}`} •{' '}
          {isLive(job.status) ? 'Updates live' : 'Final'}
        </span>
        <span>Hover over the lines for exact values; drag across to zoom</span>
      </p>
      {points.length > 0 && (
        <StepTable title="The curve as a table" label="Loss by step" points={points} columns={COLUMNS} />
      )}
    </Card>
  );
}

function Exports({ job, points }: { job: JobDetail; points: MetricsPoint[] }) {
  const picture = async () => {
    const { drawPng } = await import('../chart/draw-png');
    const blob = await drawPng(`${job.name}: loss`, points);
    if (blob) saveBlob(`${job.name}-loss.png`, blob);
    else toast.error('This browser cannot draw the picture.');
  };
  const table = useMutation({
    mutationFn: () => allMetrics(job.id),
    onSuccess: (all) => saveText(`${job.name}-metrics.csv`, toCsv(all), 'text/csv'),
    onError: (error) => toast.error('The table was not made', { description: messageOf(error) }),
  });
  return (
    <div className="flex flex-wrap gap-2">
      <Button variant="outline" size="sm" disabled={points.length === 0} onClick={() => void picture()}>
        <DownloadIcon aria-hidden className="mr-2" />
        Export PNG
      </Button>
      <Button
        variant="outline"
        size="sm"
        disabled={points.length === 0 || table.isPending}
        onClick={() => table.mutate()}
      >
        <DownloadIcon aria-hidden className="mr-2" />
        Export CSV
      </Button>
    </div>
  );
}

function Plot({ points, live }: { points: MetricsPoint[] | undefined; live: boolean }) {
  const [{ smooth = 0, log = false, from, to }, change] = useMonitorSearch();
  if (!points) return <Skeleton className="size-full" />;
  if (points.length === 0) {
    return (
      <div className="flex h-full flex-col items-center justify-center gap-2 text-muted-foreground">
        <ActivityIcon aria-hidden className="size-10 opacity-50" />
        <p>{live ? 'The curve begins with the first step.' : 'No step was done.'}</p>
      </div>
    );
  }
  const shown = plotPoints(points, {
    smooth,
    log,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  });
  return (
    <figure className="size-full" aria-label={summary(points)}>
      <Suspense fallback={<Skeleton className="size-full" />}>
        <LossChart
          points={shown}
          log={log}
          smoothed={smooth > 0}
          onZoom={(low, high) => change({ from: low, to: high })}
        />
      </Suspense>
    </figure>
  );
}

/** The curve in words. */
function summary(points: MetricsPoint[]): string {
  const of = (key: 'trainingLoss' | 'validationLoss', name: string) => {
    const values = points.map((point) => point[key]).filter((value) => value !== undefined);
    const [first, last] = [values[0], values.at(-1)];
    return first === undefined || last === undefined
      ? ''
      : `${name} from ${decimal(first, 4)} to ${decimal(last, 4)}. `;
  };
  return `Loss curve over ${integer(points.length)} points: ${of('trainingLoss', 'training loss')}${of('validationLoss', 'validation loss')}`;
}
