import { Link } from '@tanstack/react-router';
import { ChevronRightIcon, FileTextIcon, type LucideIcon, MessageSquareIcon, StarIcon } from 'lucide-react';
import type { Dataset } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { bytes, date, decimal, integer, percent, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';
import { formatLabel, personas, qualityColour } from '../look';
import { PersonaBar } from './persona-bar';
import { ReadinessStrip } from './readiness-strip';

export function DatasetCard({ dataset }: { dataset: Dataset }) {
  const measured = dataset.status === 'ready';
  const quality = dataset.qualityScore;
  const consultant = [dataset.consultantName, dataset.consultantTitle].filter(Boolean).join(', ');
  const footnotes = [
    bytes(dataset.fileSize),
    ...(dataset.humanReviewedPercent != null ? [`${percent(dataset.humanReviewedPercent)} human reviewed`] : []),
  ];
  return (
    <Card
      role="article"
      aria-label={dataset.name}
      className="h-full gap-8 p-6 transition-all duration-200 hover:scale-[1.02] hover:shadow-lg motion-reduce:hover:scale-100"
    >
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="truncate text-lg leading-7 font-semibold" title={dataset.name}>
            {dataset.name}
          </h2>
          <p className="text-sm text-muted-foreground">Created {date(dataset.createdAt)}</p>
        </div>
        <Badge variant={dataset.format === 'brightrun-lora-v4' ? 'green' : 'secondary'}>
          {formatLabel(dataset.format)}
        </Badge>
      </div>
      <dl className="grid grid-cols-3 gap-3">
        <Metric
          icon={MessageSquareIcon}
          label="Conversations"
          value={measured ? integer(dataset.totalConversations) : UNKNOWN}
        />
        <Metric
          icon={FileTextIcon}
          label="Training Pairs"
          value={measured ? integer(dataset.totalTrainingPairs) : UNKNOWN}
        />
        <Metric
          icon={StarIcon}
          label="Quality"
          value={quality != null ? `${decimal(quality, 1)}/5.0` : UNKNOWN}
          colour={quality != null ? qualityColour(quality).text : undefined}
        />
      </dl>
      {(dataset.vertical || consultant) && (
        <div className="space-y-2">
          {dataset.vertical && (
            <Badge variant="outline" className="max-w-full">
              <span className="truncate">{dataset.vertical.replaceAll('_', ' ')}</span>
            </Badge>
          )}
          {consultant && <p className="truncate text-sm text-muted-foreground">{consultant}</p>}
        </div>
      )}
      <ReadinessStrip dataset={dataset} />
      <PersonaBar shares={personas(dataset.scaffolding)} />
      <p className="text-xs text-muted-foreground">{footnotes.join(' • ')}</p>
      <div className="mt-auto flex gap-2">
        <Button asChild variant="outline" className="flex-1">
          <Link to="/datasets/$id" params={{ id: dataset.id }} search={(old) => old}>
            View Details<span className="sr-only"> of {dataset.name}</span>
          </Link>
        </Button>
        <StartTraining dataset={dataset} className="flex-1" />
      </div>
    </Card>
  );
}

/** Opens the configurator, where the data set can be trained on. */
export function StartTraining({ dataset, className }: { dataset: Dataset; className?: string }) {
  const label = (
    <>
      Start Training
      <ChevronRightIcon aria-hidden />
    </>
  );
  if (!dataset.trainingReady) {
    return (
      <Button disabled className={className}>
        {label}
      </Button>
    );
  }
  return (
    <Button asChild className={className}>
      <Link to="/training/configure" search={{ dataset_id: dataset.id }}>
        {label}
      </Link>
    </Button>
  );
}

function Metric({
  icon: Icon,
  label,
  value,
  colour,
}: {
  icon: LucideIcon;
  label: string;
  value: string;
  colour?: string | undefined;
}) {
  return (
    <div className="relative min-w-0 pl-6">
      <dt className="text-xs text-muted-foreground">
        <Icon
          aria-hidden
          className={cn('absolute top-1/2 left-0 size-4 -translate-y-1/2 text-muted-foreground', colour)}
        />
        {label}
      </dt>
      <dd className={cn('font-semibold', colour)}>{value}</dd>
    </div>
  );
}
