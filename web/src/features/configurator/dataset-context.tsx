import { Link } from '@tanstack/react-router';
import { ArrowRightIcon, BrainIcon, DatabaseIcon, FileTextIcon, StarIcon } from 'lucide-react';
import type { DatasetDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { decimal, plural } from '@/lib/format';
import { cn } from '@/lib/utils';
import { qualityColour } from '../datasets/look';

/** What will be trained on. */
export function DatasetContext({ dataset, baseModel }: { dataset: DatasetDetail; baseModel: string }) {
  const consultant = [dataset.consultantName, dataset.consultantTitle].filter(Boolean).join(', ');
  const about = [dataset.vertical?.replaceAll('_', ' '), consultant].filter(Boolean).join(' • ');
  const quality = dataset.qualityScore;
  return (
    <Card className="gap-4 bg-muted/30 p-6">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="flex items-center gap-2 text-lg font-semibold">
          <DatabaseIcon aria-hidden className="size-5 text-muted-foreground" />
          Selected Dataset
        </h2>
        <Button asChild variant="ghost" size="sm">
          <Link to="/datasets" search={{ trainingReady: 'true' }}>
            Change Dataset
            <ArrowRightIcon aria-hidden />
          </Link>
        </Button>
      </div>
      <div>
        <p className="text-lg font-medium break-words">{dataset.name}</p>
        {about && <p className="text-sm text-muted-foreground">{about}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <Badge variant={dataset.format === 'brightrun-lora-v4' ? 'green' : 'secondary'}>{dataset.format}</Badge>
        <span className="flex items-center gap-1.5">
          <FileTextIcon aria-hidden className="size-4 text-muted-foreground" />
          {plural(dataset.totalTrainingPairs, 'training pair')}
        </span>
        {quality !== undefined && (
          <span className="flex items-center gap-1.5">
            <StarIcon aria-hidden className="size-4 text-muted-foreground" />
            Quality:
            <span className={cn('rounded px-1.5', qualityColour(quality).text, qualityColour(quality).tint)}>
              {decimal(quality, 1)}/5.0
            </span>
          </span>
        )}
        <span className="flex items-center gap-1.5">
          <BrainIcon aria-hidden className="size-4 text-muted-foreground" />
          Base model: {baseModel}
        </span>
      </div>
      <p className="border-t pt-3 text-xs text-muted-foreground">
        The adapter is trained on this dataset, with the settings below.
      </p>
    </Card>
  );
}
