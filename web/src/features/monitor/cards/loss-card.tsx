import { useQuery } from '@tanstack/react-query';
import { ActivityIcon, DownloadIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { toast } from 'sonner';
import { isLive, metricsQuery } from '@/api/jobs';
import type { JobDetail, MetricsPoint } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { decimal, integer, plural } from '@/lib/format';
import { saveBlob } from '@/lib/save';

const LossChart = lazy(() => import('../chart/loss-chart'));

export function LossCard({ job }: { job: JobDetail }) {
  const { data, error, refetch } = useQuery(metricsQuery(job.id));
  const points = data?.points ?? [];
  const exportPng = async () => {
    const { drawPng } = await import('../chart/draw-png');
    const blob = await drawPng(`${job.name}: loss`, points);
    if (blob) saveBlob(`${job.name}-loss.png`, blob);
    else toast.error('This browser cannot draw the picture.');
  };
  return (
    <Card className="p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-lg font-semibold">Loss Curve</h2>
          <p className="text-sm text-muted-foreground">How far the answers are from the dataset&apos;s, step by step</p>
        </div>
        <Button variant="outline" size="sm" disabled={points.length === 0} onClick={() => void exportPng()}>
          <DownloadIcon aria-hidden className="mr-2" />
          Export PNG
        </Button>
      </div>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <div className="h-[300px] sm:h-[400px]">
          <Plot points={data?.points} live={isLive(job.status)} />
        </div>
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
        <span>Hover over the lines for exact values</span>
      </p>
    </Card>
  );
}

function Plot({ points, live }: { points: MetricsPoint[] | undefined; live: boolean }) {
  if (!points) return <Skeleton className="size-full" />;
  if (points.length === 0) {
    return (
      <div className="flex h-full flex-col items-center justify-center gap-2 text-muted-foreground">
        <ActivityIcon aria-hidden className="size-10 opacity-50" />
        <p>{live ? 'The curve begins with the first step.' : 'No step was done.'}</p>
      </div>
    );
  }
  return (
    <figure className="size-full" aria-label={summary(points)}>
      <Suspense fallback={<Skeleton className="size-full" />}>
        <LossChart points={points} />
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
