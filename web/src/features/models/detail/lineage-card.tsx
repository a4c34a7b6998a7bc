import { Link } from '@tanstack/react-router';
import { BriefcaseIcon, DatabaseIcon, ExternalLinkIcon, FileTextIcon, UserIcon } from 'lucide-react';
import { Fragment } from 'react';
import type { ModelDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Progress } from '@/components/ui/progress';
import { integer, percent, plural } from '@/lib/format';
import { coverage } from '../coverage';

const PATH = ['Dataset', 'Configuration', 'Training', 'Model Artifact'];

export function LineageCard({ model }: { model: ModelDetail }) {
  const { originalDataset: dataset, splits, preprocessingSteps } = model.datasetLineage;
  const covered = dataset && coverage(dataset.scaffolding);
  return (
    <Card className="gap-4 p-6">
      <div className="flex items-center justify-between gap-2">
        <h2 className="flex items-center gap-2 text-lg font-semibold">
          <DatabaseIcon aria-hidden className="size-5 shrink-0 text-muted-foreground" />
          Dataset Lineage
        </h2>
        {dataset && (
          <Button asChild variant="ghost" size="sm">
            <Link to="/datasets/$id" params={{ id: dataset.id }}>
              <ExternalLinkIcon aria-hidden className="mr-2" />
              View Dataset
            </Link>
          </Button>
        )}
      </div>
      <div>
        <p className="text-sm text-muted-foreground">Trained On</p>
        <p className="text-lg break-words">
          {dataset ? (
            <Link to="/datasets/$id" params={{ id: dataset.id }} className="text-blue-600 hover:underline">
              {model.configuration.datasetName}
            </Link>
          ) : (
            model.configuration.datasetName
          )}
        </p>
        {!dataset && <p className="text-sm text-muted-foreground">The dataset has been deleted since.</p>}
      </div>
      <div className="flex gap-3 rounded-md bg-muted p-3">
        <FileTextIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
        <div>
          <p className="text-xs text-muted-foreground">Training Pairs</p>
          <p className="font-semibold">{integer(splits.train)}</p>
          <p className="text-xs text-muted-foreground">{plural(splits.validation, 'pair')} held out for validation</p>
        </div>
      </div>
      {dataset?.consultantName && (
        <div className="flex gap-3 rounded-md border p-3">
          <UserIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
          <div>
            <p className="text-xs text-muted-foreground">Consultant Profile</p>
            <p>{dataset.consultantName}</p>
            {dataset.consultantTitle && <p className="text-sm text-muted-foreground">{dataset.consultantTitle}</p>}
          </div>
        </div>
      )}
      {dataset?.vertical && (
        <div className="flex gap-3 rounded-md border border-blue-200 bg-blue-50 p-3">
          <BriefcaseIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-blue-700" />
          <div>
            <p className="text-xs text-blue-700">Vertical</p>
            <p className="font-semibold text-blue-900">{dataset.vertical.replaceAll('_', ' ')}</p>
          </div>
        </div>
      )}
      {covered && (
        <div className="space-y-3">
          <h3 className="text-sm font-medium">Scaffolding Coverage</h3>
          <Coverage label="Persona Coverage" share={covered.persona} />
          <Coverage label="Arc Coverage" share={covered.arc} />
        </div>
      )}
      {preprocessingSteps.length > 0 && (
        <div>
          <h3 className="text-sm font-medium">Preprocessing</h3>
          <ol className="mt-1 list-inside list-decimal space-y-1 text-sm text-muted-foreground">
            {preprocessingSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      )}
      <div className="border-t pt-4">
        <h3 className="mb-2 text-xs font-normal text-muted-foreground">Complete Lineage Path</h3>
        <p className="flex flex-wrap items-center gap-2 text-xs">
          {PATH.map((step, index) => (
            <Fragment key={step}>
              {index > 0 && <span aria-hidden>→</span>}
              <Badge variant={index === PATH.length - 1 ? 'blue' : 'secondary'}>{step}</Badge>
            </Fragment>
          ))}
        </p>
      </div>
    </Card>
  );
}

/** The share of pairs that name what is counted. */
function Coverage({ label, share }: { label: string; share: number }) {
  return (
    <div className="space-y-1 text-sm">
      <div className="flex justify-between">
        <span className="text-muted-foreground">{label}</span>
        <span className="font-medium">{percent(share)}</span>
      </div>
      <Progress aria-label={label} value={share} />
    </div>
  );
}
