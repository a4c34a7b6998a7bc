import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CalendarIcon } from 'lucide-react';
import { versionsQuery } from '@/api/models';
import type { Model } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { bytes, dateTime, decimal, plural, UNKNOWN, usd } from '@/lib/format';
import { cn } from '@/lib/utils';
import { rating } from '../quality';
import { Stars } from './stars';

/** The models that were trained on the same data set, newest first; they are numbered in the order in which they were made. */
export function VersionHistory({ model }: { model: Model }) {
  const { data, error, refetch } = useQuery(versionsQuery(model.datasetId));
  return (
    <Card className="gap-4 p-6">
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">Version History</h2>
        {data && <Badge variant="outline">{plural(data.length, 'version')}</Badge>}
      </div>
      {error && !data && <ErrorState error={error} onRetry={() => void refetch()} className="py-6" />}
      {!data && !error && <Skeleton className="h-40" />}
      <ol className="space-y-3">
        {data?.map((version, index) => (
          <Version key={version.id} version={version} number={data.length - index} current={version.id === model.id} />
        ))}
      </ol>
      <p className="rounded-lg bg-muted p-3 text-xs text-muted-foreground">
        These are all models trained on this dataset. Compare their losses before you choose one.
      </p>
    </Card>
  );
}

function Version({ version, number, current }: { version: Model; number: number; current: boolean }) {
  const { finalValidationLoss: loss } = version.qualityMetrics;
  const stars = rating(version.qualityMetrics)?.stars;
  const facts = [
    ['Validation Loss', loss === undefined ? UNKNOWN : decimal(loss, 4)],
    ['Cost', usd(version.trainingSummary.totalCost)],
    ['File Size', bytes(version.artifacts.adapterModel.size)],
  ];
  return (
    <li
      aria-current={current ? 'true' : undefined}
      className={cn('space-y-3 rounded-lg border p-4', current && 'border-blue-500 bg-blue-50')}
    >
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <h3 className="text-base font-semibold">Version {number}</h3>
          <p className="text-sm break-words">{version.name}</p>
          <p className="flex items-center gap-1.5 text-xs text-muted-foreground">
            <CalendarIcon aria-hidden className="size-3.5" />
            {dateTime(version.createdAt)}
          </p>
        </div>
        <div className="flex items-center gap-2">
          {stars !== undefined && <Stars stars={stars} className="size-3.5" />}
          {current && <Badge variant="blue">Current</Badge>}
        </div>
      </div>
      <dl className="grid grid-cols-2 gap-3 text-sm">
        <div>
          <dt className="text-xs text-muted-foreground">Preset</dt>
          <dd>
            <Badge variant="outline" className="capitalize">
              {version.configuration.presetUsed}
            </Badge>
          </dd>
        </div>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-xs text-muted-foreground">{label}</dt>
            <dd className="font-medium">{value}</dd>
          </div>
        ))}
      </dl>
      {!current && (
        <Button asChild variant="outline" size="sm" className="w-full">
          <Link to="/models/$artifactId" params={{ artifactId: version.id }} search={(old) => old}>
            View Version<span className="sr-only"> {number}</span>
          </Link>
        </Button>
      )}
    </li>
  );
}
