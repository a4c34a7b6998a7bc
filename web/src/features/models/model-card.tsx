import { Link } from '@tanstack/react-router';
import { BrainIcon, DownloadIcon } from 'lucide-react';
import type { Model } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { bytes, date, decimal } from '@/lib/format';
import { ModelStatusBadge } from './status-badge';
import { useDownload } from './use-download';

export function ModelCard({ model }: { model: Model }) {
  const download = useDownload(model.id);
  const { finalValidationLoss, perplexity } = model.qualityMetrics;
  const rows = [
    ...(finalValidationLoss === undefined ? [] : [['Validation Loss', decimal(finalValidationLoss, 4)]]),
    ...(perplexity === undefined ? [] : [['Perplexity', decimal(perplexity, 2)]]),
    ['Size', bytes(model.totalSize)],
    ['Created', date(model.createdAt)],
  ];
  return (
    <Card className="relative gap-5 p-6 transition-shadow focus-within:ring-[3px] focus-within:ring-ring/50 hover:shadow-md">
      <div className="flex items-start justify-between gap-2">
        <div className="flex min-w-0 items-start gap-2">
          <BrainIcon aria-hidden className="mt-0.5 size-5 shrink-0" />
          <div className="min-w-0">
            <h3 className="text-base break-words">
              <Link
                to="/models/$artifactId"
                params={{ artifactId: model.id }}
                className="outline-none after:absolute after:inset-0"
              >
                {model.name}
              </Link>
            </h3>
            <p className="text-muted-foreground">v{model.version}</p>
          </div>
        </div>
        <ModelStatusBadge status={model.status} />
      </div>
      <dl className="space-y-2 text-sm">
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between gap-2">
            <dt className="text-muted-foreground">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Button
        variant="outline"
        size="sm"
        // Above the link that covers the card.
        className="relative z-10 mt-auto"
        aria-label={`Download ${model.name}`}
        disabled={download.isPending}
        onClick={() => download.mutate('all')}
      >
        <DownloadIcon aria-hidden className="mr-2" />
        Download
      </Button>
    </Card>
  );
}
