import { ClockIcon, DatabaseIcon, DollarSignIcon, TriangleAlertIcon } from 'lucide-react';
import type { Catalogue, DatasetDetail, Estimate } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { decimal, durationRange, hourlyRate, plural, scientific, usdRange } from '@/lib/format';
import type { Config } from './config';

/** What is about to be launched. */
export function LaunchSummary({
  dataset,
  config,
  custom,
  catalogue,
  estimate,
}: {
  dataset: DatasetDetail;
  config: Config;
  custom: boolean;
  catalogue: Catalogue;
  estimate: Estimate;
}) {
  const values = estimate.hyperparameters;
  const preset = catalogue.presets.find(({ id }) => id === config.preset)?.displayName ?? config.preset;
  const machine = catalogue.instanceTypes.find(({ id }) => id === config.instanceType)?.displayName;
  const facts = [
    ['GPU', machine ?? config.instanceType],
    ['LoRA Rank', values.loraRank],
    ['Learning Rate', scientific(values.learningRate)],
    ['Epochs', values.numEpochs],
    ['Batch Size', values.batchSize],
  ];
  const quality = dataset.qualityScore === undefined ? '' : ` • Quality: ${decimal(dataset.qualityScore, 1)}/5.0`;
  return (
    <>
      <section className="rounded-lg bg-muted p-4">
        <h3 className="flex items-center gap-2 text-sm font-semibold">
          <DatabaseIcon aria-hidden className="size-4 text-muted-foreground" />
          Dataset
        </h3>
        <p className="mt-2 break-words">{dataset.name}</p>
        <p className="text-sm text-muted-foreground">
          {plural(dataset.totalTrainingPairs, 'training pair')}
          {quality}
        </p>
      </section>
      <section className="rounded-lg bg-muted p-4">
        <h3 className="text-sm font-semibold">Configuration</h3>
        <dl className="mt-2 grid grid-cols-2 gap-3">
          <div>
            <dt className="text-xs text-muted-foreground">Preset</dt>
            <dd className="flex flex-wrap items-center gap-2">
              {custom ? `From ${preset}` : preset}
              {custom && <Badge variant="outline">Custom</Badge>}
            </dd>
          </div>
          {facts.map(([label, value]) => (
            <div key={label} className="min-w-0">
              <dt className="text-xs text-muted-foreground">{label}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <div className="grid grid-cols-1 gap-4 border-t pt-4 sm:grid-cols-2">
        <div className="rounded-lg border border-blue-200 bg-blue-50 p-4">
          <p className="flex items-center gap-2 text-sm text-blue-900">
            <DollarSignIcon aria-hidden className="size-4 text-blue-600" />
            Estimated Cost
          </p>
          <p className="mt-1 text-2xl font-bold text-blue-600">{usdRange(estimate.cost.min, estimate.cost.max)}</p>
          <p className="text-xs text-blue-700">
            {hourlyRate(estimate.hourlyRate)} ({config.spot ? 'Spot' : 'On-Demand'})
          </p>
        </div>
        <div className="rounded-lg border border-green-200 bg-green-50 p-4">
          <p className="flex items-center gap-2 text-sm text-green-900">
            <ClockIcon aria-hidden className="size-4 text-green-700" />
            Estimated Duration
          </p>
          <p className="mt-1 text-2xl font-bold text-green-700">
            {durationRange(estimate.duration.min, estimate.duration.max)}
          </p>
          <p className="text-xs text-green-700">From preprocessing to the last validation</p>
        </div>
      </div>
      {config.spot && (
        <div className="flex gap-3 rounded-lg border border-yellow-300 bg-yellow-50 p-4">
          <TriangleAlertIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-yellow-700" />
          <div className="text-yellow-800">
            <p className="text-sm font-semibold">Spot Instance Notice</p>
            <p className="mt-1 text-xs">
              The machine may be taken away when others ask for it. Training then goes on from its last checkpoint, and
              nothing is lost.
            </p>
          </div>
        </div>
      )}
    </>
  );
}
