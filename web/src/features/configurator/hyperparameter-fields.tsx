import type { Catalogue, Hyperparameters } from '@/api/types';
import { Card } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { decimal, integer } from '@/lib/format';
import { type Config, sequenceLengths } from './config';
import { MoreFields } from './more-fields';
import { Setting } from './setting';
import { SliderSetting } from './slider-setting';

const twoDecimals = (value: number) => decimal(value, 2);

export function HyperparameterFields({
  config,
  catalogue,
  onChange,
}: {
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
  const { hyperparameters: values } = config;
  const contextLength = catalogue.baseModels.find(({ id }) => id === config.baseModel)?.contextLength ?? 0;
  const set = (patch: Partial<Hyperparameters>) => onChange({ hyperparameters: { ...values, ...patch } });
  return (
    <Card className="p-6">
      <h3 className="font-semibold">Hyperparameters</h3>
      <div className="grid grid-cols-1 gap-6 md:grid-cols-2">
        <SliderSetting
          label="LoRA Rank (r)"
          help="How much the adapter can learn. Higher ranks take more memory and time; 8 to 16 is a good start."
          ends={['4 (faster)', '64 (more capacity)']}
          min={4}
          max={64}
          step={4}
          value={values.loraRank}
          onChange={(loraRank) => set({ loraRank })}
        />
        <SliderSetting
          label="LoRA Alpha"
          help="How strongly the adapter acts: its output is scaled by alpha divided by rank. Twice the rank is usual."
          ends={['8', '128']}
          min={8}
          max={128}
          step={8}
          value={values.loraAlpha}
          onChange={(loraAlpha) => set({ loraAlpha })}
        />
        <SliderSetting
          label="LoRA Dropout"
          help="Leaves out random inputs while training, against overfitting. 0.05 suits most datasets."
          ends={['0.00', '0.20']}
          min={0}
          max={0.2}
          step={0.01}
          display={twoDecimals}
          value={values.loraDropout}
          onChange={(loraDropout) => set({ loraDropout })}
        />
        <SliderSetting
          label="Number of Epochs"
          help="How often the whole dataset is gone through. Too many epochs on little data overfit."
          ends={['1 epoch', '10 epochs']}
          min={1}
          max={10}
          step={1}
          value={values.numEpochs}
          onChange={(numEpochs) => set({ numEpochs })}
        />
        <NumberSelect
          label="Batch Size"
          help="Examples that are learnt from at once. Larger batches are faster and take more memory."
          options={options([1, 2, 4, 8], values.batchSize)}
          value={values.batchSize}
          onChange={(batchSize) => set({ batchSize })}
        />
        <Setting label="Learning Rate" help="How large each learning step is. Lower is slower and steadier.">
          {(id) => (
            <Input
              id={id}
              inputMode="decimal"
              placeholder="e.g. 2e-4"
              value={config.learningRate}
              onChange={(event) => onChange({ learningRate: event.target.value })}
            />
          )}
        </Setting>
        <SliderSetting
          label="Warmup Ratio"
          help="The share of all steps in which the learning rate rises to its full value."
          ends={['0.00', '0.10']}
          min={0}
          max={0.1}
          step={0.01}
          display={twoDecimals}
          value={values.warmupRatio}
          onChange={(warmupRatio) => set({ warmupRatio })}
        />
        <NumberSelect
          label="Max Sequence Length"
          help={`Longer examples are cut to this many tokens. The base model takes at most ${integer(contextLength)}.`}
          options={sequenceLengths(contextLength, values.maxSeqLength)}
          unit=" tokens"
          value={values.maxSeqLength}
          onChange={(maxSeqLength) => set({ maxSeqLength })}
        />
      </div>
      <MoreFields config={config} catalogue={catalogue} onChange={onChange} />
    </Card>
  );
}

function options(usual: number[], current: number): number[] {
  return [...new Set([...usual, current])].sort((a, b) => a - b);
}

function NumberSelect({
  label,
  help,
  options: choices,
  unit = '',
  value,
  onChange,
}: {
  label: string;
  help: string;
  options: number[];
  unit?: string;
  value: number;
  onChange: (value: number) => void;
}) {
  return (
    <Setting label={label} help={help}>
      {(id) => (
        <Select value={String(value)} onValueChange={(next) => onChange(Number(next))}>
          <SelectTrigger id={id}>
            <SelectValue />
          </SelectTrigger>
          <SelectContent>
            {choices.map((choice) => (
              <SelectItem key={choice} value={String(choice)}>
                {choice}
                {unit}
              </SelectItem>
            ))}
          </SelectContent>
        </Select>
      )}
    </Setting>
  );
}
