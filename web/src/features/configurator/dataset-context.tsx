import { Link } from '@tanstack/react-router';
import { ArrowRightIcon, DatabaseIcon, FileTextIcon, StarIcon } from 'lucide-react';
import type { Catalogue, DatasetDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { decimal, plural } from '@/lib/format';
import { cn } from '@/lib/utils';
import { qualityColour } from '../datasets/look';
import { type Config, withBaseModel } from './config';
import { Setting } from './setting';
import { StartFrom } from './start-from';

/** What will be trained on. */
export function DatasetContext({
  dataset,
  config,
  catalogue,
  onChange,
}: {
  dataset: DatasetDetail;
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
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
      <div className="mt-4">
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
      </div>
      <div className="grid grid-cols-1 gap-4 border-t pt-4 md:grid-cols-3">
        <Setting label="Base Model" help="The model that the adapter is made for. It stays as it is.">
          {(id) => (
            <Select
              value={config.baseModel}
              onValueChange={(baseModel) => onChange(withBaseModel(config, catalogue, baseModel))}
            >
              <SelectTrigger id={id}>
                <SelectValue />
              </SelectTrigger>
              <SelectContent>
                {catalogue.baseModels.map((model) => (
                  <SelectItem key={model.id} value={model.id}>
                    {model.displayName}
                  </SelectItem>
                ))}
              </SelectContent>
            </Select>
          )}
        </Setting>
        <StartFrom config={config} catalogue={catalogue} onChange={onChange} />
        <Setting label="Job Name" help="Also the name of the model. Left empty, one is made from dataset and preset.">
          {(id) => (
            <Input
              id={id}
              placeholder="Made from dataset and preset"
              value={config.name}
              onChange={(event) => onChange({ name: event.target.value })}
            />
          )}
        </Setting>
      </div>
      <p className="border-t pt-3 text-xs text-muted-foreground">
        The adapter is trained on this dataset, with the settings below.
      </p>
    </Card>
  );
}
