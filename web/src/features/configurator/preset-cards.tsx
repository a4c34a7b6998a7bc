import { CircleCheckIcon } from 'lucide-react';
import type { Catalogue, Estimate } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { RadioCard, RadioGroup } from '@/components/ui/radio-group';
import { Skeleton } from '@/components/ui/skeleton';
import { durationRange, scientific, UNKNOWN, usdRange } from '@/lib/format';
import { cn } from '@/lib/utils';
import { type AdapterShape, type NamedPreset, presetValues } from './config';
import { PRESETS, type PresetEstimates } from './use-estimate';

const LOOKS: Record<NamedPreset, { emoji: string; title: string; selected: string; ring: string; bestFor: string }> = {
  conservative: {
    emoji: '🛡️',
    title: 'text-green-700',
    selected: 'border-green-500 bg-green-50',
    ring: 'text-green-600',
    bestFor: 'First training attempt, testing workflows',
  },
  balanced: {
    emoji: '⚖️',
    title: 'text-blue-700',
    selected: 'border-blue-500 bg-blue-50',
    ring: 'text-blue-600',
    bestFor: 'Production training, general use',
  },
  aggressive: {
    emoji: '⚡',
    title: 'text-purple-700',
    selected: 'border-purple-500 bg-purple-50',
    ring: 'text-purple-600',
    bestFor: 'Experimentation, advanced users',
  },
};

interface PresetCardsProps {
  catalogue: Catalogue;
  baseModel: string;
  /** Of the model that training goes on from. */
  shape: AdapterShape | undefined;
  selected: NamedPreset;
  custom: boolean;
  estimates: PresetEstimates;
  onSelect: (preset: NamedPreset) => void;
}

export function PresetCards({ selected, custom, onSelect, ...props }: PresetCardsProps) {
  return (
    <section className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div>
          <h2 id="preset-heading" className="text-lg font-semibold">
            Training Preset
          </h2>
          <p className="text-sm text-muted-foreground">
            Choose one, or fine-tune it below. Costs are computed for this dataset.
          </p>
        </div>
        {custom && (
          <Badge variant="outline" className="border-purple-300 bg-purple-50 text-purple-700">
            Custom Configuration
          </Badge>
        )}
      </div>
      <RadioGroup
        aria-labelledby="preset-heading"
        value={selected}
        onValueChange={(value) => {
          const preset = PRESETS.find((name) => name === value);
          if (preset) onSelect(preset);
        }}
        className="gap-4 md:grid-cols-3"
      >
        {PRESETS.map((preset) => (
          <PresetCard
            key={preset}
            preset={preset}
            selected={preset === selected}
            // Choosing the selected preset again puts its values back.
            onReset={() => preset === selected && custom && onSelect(preset)}
            {...props}
          />
        ))}
      </RadioGroup>
    </section>
  );
}

function PresetCard({
  preset,
  selected,
  catalogue,
  baseModel,
  shape,
  estimates,
  onReset,
}: Omit<PresetCardsProps, 'selected' | 'custom' | 'onSelect'> & {
  preset: NamedPreset;
  selected: boolean;
  onReset: () => void;
}) {
  const look = LOOKS[preset];
  const about = catalogue.presets.find(({ id }) => id === preset);
  const values = presetValues(catalogue, preset, baseModel, shape);
  const estimate = estimates[preset];
  return (
    <RadioCard
      value={preset}
      data-preset={preset}
      onClick={onReset}
      className={cn(
        'flex flex-col items-stretch gap-3 rounded-xl border-2 bg-card p-5 text-left font-normal transition-shadow hover:shadow-md',
        selected && ['border-4 p-[18px]', look.selected],
      )}
    >
      <span className="flex items-center justify-between gap-2">
        <span className="flex min-w-0 items-center gap-2">
          <span aria-hidden className="text-2xl">
            {look.emoji}
          </span>
          <span className={cn('truncate font-semibold', look.title)}>{about?.displayName ?? preset}</span>
        </span>
        {selected && <CircleCheckIcon aria-hidden className={cn('size-6 shrink-0', look.ring)} />}
      </span>
      <span className="text-sm text-muted-foreground">{about?.description}</span>
      <span className="space-y-1 border-t pt-3">
        <Row label="Cost:" value={figure(estimate, ({ cost }) => usdRange(cost.min, cost.max))} />
        <Row label="Duration:" value={figure(estimate, ({ duration }) => durationRange(duration.min, duration.max))} />
      </span>
      <span className="border-t pt-3 text-xs text-muted-foreground">Best for: {look.bestFor}</span>
      {selected && values && (
        <span className="border-t pt-3 text-xs text-muted-foreground">
          Configuration:
          <span className="mt-1 grid grid-cols-2 gap-1">
            <Value label="Rank" value={values.loraRank} />
            <Value label="LR" value={scientific(values.learningRate)} />
            <Value label="Epochs" value={values.numEpochs} />
            <Value label="Batch" value={values.batchSize} />
          </span>
        </span>
      )}
    </RadioCard>
  );
}

const figure = (estimate: Estimate | null | undefined, show: (estimate: Estimate) => string) =>
  estimate === null ? UNKNOWN : estimate && show(estimate);

function Row({ label, value }: { label: string; value: string | undefined }) {
  return (
    <span className="flex flex-wrap justify-between gap-x-2 text-sm">
      <span className="text-muted-foreground">{label}</span>
      <span className="font-semibold">{value ?? <Skeleton className="inline-block h-4 w-16" />}</span>
    </span>
  );
}

function Value({ label, value }: { label: string; value: string | number }) {
  return (
    <span>
      {label}: <span className="font-medium text-foreground">{value}</span>
    </span>
  );
}
