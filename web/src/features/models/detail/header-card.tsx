import { CalendarIcon, CpuIcon } from 'lucide-react';
import type { ModelDetail } from '@/api/types';
import { Card } from '@/components/ui/card';
import { dateAtTime, duration, plural, usd } from '@/lib/format';
import { ModelStatusBadge } from '../status-badge';

export function HeaderCard({ model }: { model: ModelDetail }) {
  const { train, validation } = model.datasetLineage.splits;
  const facts = [
    ['Training Job', `#${model.jobId.slice(-8)}`],
    ['Dataset', plural(train + validation, 'pair')],
    ['Duration', duration(model.trainingSummary.trainingDuration)],
    ['Total Cost', usd(model.trainingSummary.totalCost)],
  ];
  return (
    <Card className="p-6">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-3xl leading-9 font-semibold break-words">{model.name}</h2>
          <p className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted-foreground">
            <span className="flex items-center gap-1.5">
              <CalendarIcon aria-hidden className="size-4" />
              Created {dateAtTime(model.createdAt)}
            </span>
            <span className="flex items-center gap-1.5">
              <CpuIcon aria-hidden className="size-4" />
              {model.configuration.baseModel}
            </span>
            <span>Version {model.version}</span>
          </p>
        </div>
        <ModelStatusBadge status={model.status} />
      </div>
      <dl className="grid grid-cols-2 gap-4 border-t pt-4 md:grid-cols-4">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-xs text-muted-foreground">{label}</dt>
            <dd className="text-sm">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
