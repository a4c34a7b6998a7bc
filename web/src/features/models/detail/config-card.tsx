import { SettingsIcon } from 'lucide-react';
import { useState } from 'react';
import type { Model } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { integer, moduleNames, scientific } from '@/lib/format';

const SCHEDULES = { cosine: 'Cosine', linear: 'Linear', constant: 'Constant' } as const;

export function ConfigCard({ model }: { model: Model }) {
  const [full, setFull] = useState(false);
  const { hyperparameters: values, presetUsed } = model.configuration;
  const tiles = [
    ['LoRA Rank (r)', values.loraRank],
    ['LoRA Alpha (α)', values.loraAlpha],
    ['Dropout', values.loraDropout],
    ['Batch Size', values.batchSize],
  ];
  const rest = [
    ['Optimizer', values.optimizerType],
    ['Weight Decay', values.weightDecay],
    ['Warmup', values.warmupSteps > 0 ? `${integer(values.warmupSteps)} steps` : values.warmupRatio],
    ['Gradient Accumulation', values.gradientAccumulationSteps],
    ['Gradient Clipping', values.maxGradNorm],
    ['Sequence Length', integer(values.maxSeqLength)],
    ['Target Modules', moduleNames(values.targetModules)],
    ['LoRA Scaling', values.useRslora ? 'Alpha / √rank (rsLoRA)' : 'Alpha / rank'],
    ['Layers', values.layersToTransform?.join(', ') ?? 'All'],
  ];
  return (
    <Card className="gap-4 p-6">
      <div className="flex items-center justify-between gap-2">
        <h2 className="flex items-center gap-2 text-lg font-semibold">
          <SettingsIcon aria-hidden className="size-5 shrink-0 text-muted-foreground" />
          Training Configuration
        </h2>
        <Button
          variant="ghost"
          size="sm"
          aria-expanded={full}
          aria-controls={full ? 'full-config' : undefined}
          onClick={() => setFull(!full)}
        >
          {full ? 'Show Less' : 'View Full Config'}
        </Button>
      </div>
      <div className="space-y-1">
        <p className="text-sm text-muted-foreground">Preset Used</p>
        <Badge variant="blue" className="capitalize">
          {presetUsed === 'custom' ? 'Custom Settings' : `${presetUsed} Preset`}
        </Badge>
      </div>
      <h3 className="text-sm font-medium">Key Hyperparameters</h3>
      <dl className="grid grid-cols-2 gap-3">
        {tiles.map(([label, value]) => (
          <div key={label} className="rounded-md bg-muted p-3">
            <dt className="text-xs text-muted-foreground">{label}</dt>
            <dd className="font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="flex flex-wrap items-center justify-between gap-2 rounded-md border p-3">
        <div>
          <p className="text-xs text-muted-foreground">Learning Rate</p>
          <p className="font-semibold">{scientific(values.learningRate)}</p>
        </div>
        <Badge variant="outline">{SCHEDULES[values.scheduler]} Schedule</Badge>
      </div>
      <div className="rounded-md border border-blue-200 bg-blue-50 p-3">
        <p className="text-xs text-blue-700">Number of Epochs</p>
        <p className="font-semibold text-blue-900">{values.numEpochs}</p>
      </div>
      {full && (
        <dl id="full-config" className="space-y-1 border-t pt-3 text-sm">
          {rest.map(([label, value]) => (
            <div key={label} className="flex justify-between gap-4">
              <dt className="text-muted-foreground">{label}</dt>
              <dd className="min-w-0 text-right break-words">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
