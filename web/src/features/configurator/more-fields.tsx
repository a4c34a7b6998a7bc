import type { Catalogue, Hyperparameters } from '@/api/types';
import { Checkbox } from '@/components/ui/checkbox';
import { Input } from '@/components/ui/input';
import { ChoiceSetting } from './choice-setting';
import type { Config, RunSettings } from './config';
import { RunChoices } from './run-choices';
import { Setting } from './setting';

type Values = Hyperparameters;
type NumberKey = 'weightDecay' | 'gradientAccumulationSteps' | 'maxGradNorm' | 'warmupSteps';

const OPTIMIZERS: Record<Values['optimizerType'], string> = { adamw: 'AdamW', sgd: 'SGD', adafactor: 'Adafactor' };
const SCHEDULERS: Record<Values['scheduler'], string> = { cosine: 'Cosine', linear: 'Linear', constant: 'Constant' };

const NUMBERS: { key: NumberKey; label: string; help: string }[] = [
  { key: 'weightDecay', label: 'Weight Decay', help: 'Pulls the weights towards zero a little at each step.' },
  {
    key: 'gradientAccumulationSteps',
    label: 'Gradient Accumulation',
    help: 'Batches that are added up before a step. It acts like a larger batch without its memory.',
  },
  {
    key: 'maxGradNorm',
    label: 'Gradient Clipping',
    help: 'Longer gradients are shortened to this norm; 0 leaves them.',
  },
  { key: 'warmupSteps', label: 'Warmup Steps', help: 'A fixed number of warm-up steps; 0 takes the warm-up ratio.' },
];

const RUN: { key: keyof RunSettings; label: string; help: string; placeholder?: string }[] = [
  {
    key: 'validationSplitRatio',
    label: 'Validation Split',
    help: 'The share of conversations that is held out to measure with, never trained on.',
  },
  { key: 'checkpointInterval', label: 'Checkpoint Interval', help: 'Steps between two checkpoints to go on from.' },
  {
    key: 'earlyStoppingPatience',
    label: 'Early Stopping',
    help: 'Stops after this many validations without a better loss. Empty trains to the end.',
    placeholder: 'off',
  },
  {
    key: 'evaluationExamples',
    label: 'Evaluation Questions',
    help: 'Held-out questions that the base model and the adapter answer at the end, to compare their words. 0 skips this.',
  },
  {
    key: 'evaluationMinutes',
    label: 'Evaluation Time (minutes)',
    help: 'What is not measured by then is left out.',
  },
  { key: 'seed', label: 'Seed', help: 'The same seed, data and settings give the same adapter.' },
];

/** Settings that most people leave as they are. */
export function MoreFields({
  config,
  catalogue,
  onChange,
}: {
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
  const { hyperparameters: values, run } = config;
  const set = (patch: Partial<Values>) => onChange({ hyperparameters: { ...values, ...patch } });
  return (
    <div className="space-y-6 border-t pt-6">
      <div className="grid grid-cols-1 gap-6 md:grid-cols-2">
        <ChoiceSetting
          label="Optimizer"
          help="How gradients become changes. AdamW suits most adapters."
          names={OPTIMIZERS}
          value={values.optimizerType}
          onChange={(optimizerType) => set({ optimizerType })}
        />
        <ChoiceSetting
          label="Scheduler"
          help="How the learning rate goes on after the warm-up."
          names={SCHEDULERS}
          value={values.scheduler}
          onChange={(scheduler) => set({ scheduler })}
        />
        {NUMBERS.map(({ key, label, help }) => (
          <Setting key={key} label={label} help={help}>
            {(id) => (
              <Input
                id={id}
                type="number"
                step="any"
                min={catalogue.limits[key].min}
                max={catalogue.limits[key].max}
                value={Number.isNaN(values[key]) ? '' : values[key]}
                onChange={(event) => set({ [key]: event.target.valueAsNumber })}
              />
            )}
          </Setting>
        ))}
        {RUN.map(({ key, label, help, placeholder }) => (
          <Setting key={key} label={label} help={help}>
            {(id) => (
              <Input
                id={id}
                inputMode="decimal"
                placeholder={placeholder}
                value={run[key]}
                onChange={(event) => onChange({ run: { ...run, [key]: event.target.value } })}
              />
            )}
          </Setting>
        ))}
        <RunChoices config={config} onChange={onChange} />
      </div>
      <Targets
        all={catalogue.targetModules}
        chosen={[values.targetModules].flat()}
        onChange={(targetModules) => set({ targetModules })}
      />
    </div>
  );
}

function Targets(props: { all: string[]; chosen: string[]; onChange: (chosen: string[]) => void }) {
  const toggle = (name: string, on: boolean) =>
    props.onChange(props.all.filter((known) => (known === name ? on : props.chosen.includes(known))));
  return (
    <fieldset>
      <legend className="mb-3 text-sm font-medium">Target Modules</legend>
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        {props.all.map((name) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the checkbox inside is its control
          <label key={name} className="flex items-center gap-2 font-mono text-sm">
            <Checkbox
              checked={props.chosen.includes(name)}
              onCheckedChange={(checked) => toggle(name, checked === true)}
            />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
