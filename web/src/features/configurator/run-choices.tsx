import { useState } from 'react';
import { Input } from '@/components/ui/input';
import { ChoiceSetting } from './choice-setting';
import { type Config, layersOf, type RunSettings } from './config';
import { Setting } from './setting';

const SCALING = { plain: 'Alpha / rank', stabilised: 'Alpha / √rank (rsLoRA)' } as const;
const PACKING: Record<RunSettings['packing'], string> = { false: 'Off', true: 'On' };
const OVERLONG: Record<RunSettings['overlongExamples'], string> = { truncate: 'Cut', drop: 'Leave out' };
const PRECISION: Record<RunSettings['precision'], string> = { f32: '32-bit (f32)', bf16: '16-bit (bf16)' };
const AGAIN: Record<RunSettings['gradientCheckpointing'], string> = { auto: 'Where needed', on: 'On', off: 'Off' };

/** How the adapter is scaled and where it lies, and how examples and memory are dealt with. */
export function RunChoices({ config, onChange }: { config: Config; onChange: (patch: Partial<Config>) => void }) {
  const { run, hyperparameters: values } = config;
  const set = (patch: Partial<RunSettings>) => onChange({ run: { ...run, ...patch } });
  return (
    <>
      <ChoiceSetting
        label="LoRA Scaling"
        help="By the square root of the rank, higher ranks learn as fast as lower ones."
        names={SCALING}
        value={values.useRslora ? 'stabilised' : 'plain'}
        onChange={(chosen) => onChange({ hyperparameters: { ...values, useRslora: chosen === 'stabilised' } })}
      />
      <Layers config={config} onChange={onChange} />
      <ChoiceSetting
        label="Packing"
        help="Several short examples share a row of a batch, each with its own attention: fewer steps, the same losses."
        names={PACKING}
        value={run.packing}
        onChange={(packing) => set({ packing })}
      />
      <ChoiceSetting
        label="Overlong Examples"
        help="Examples above the sequence length are cut, oldest context first, or left out. Either way they are counted."
        names={OVERLONG}
        value={run.overlongExamples}
        onChange={(overlongExamples) => set({ overlongExamples })}
      />
      <ChoiceSetting
        label="Precision"
        help="The numbers in which the base model is kept. 16-bit takes half the memory."
        names={PRECISION}
        value={run.precision}
        onChange={(precision) => set({ precision })}
      />
      <ChoiceSetting
        label="Gradient Checkpointing"
        help="Computes parts again instead of keeping them: less memory, more time."
        names={AGAIN}
        value={run.gradientCheckpointing}
        onChange={(gradientCheckpointing) => set({ gradientCheckpointing })}
      />
    </>
  );
}

/** Which layers get an adapter. What cannot be read is said, and changes nothing. */
function Layers({ config, onChange }: { config: Config; onChange: (patch: Partial<Config>) => void }) {
  const { layersToTransform: layers, ...rest } = config.hyperparameters;
  const [typed, setTyped] = useState('');
  // What was set elsewhere, by a saved configuration for example, wins over what was typed here.
  const same = JSON.stringify(typed.trim() ? layersOf(typed) : undefined) === JSON.stringify(layers);
  const nonsense = typed.trim() !== '' && layersOf(typed) === undefined;
  const text = same || nonsense ? typed : (layers?.join(', ') ?? '');
  return (
    <Setting label="Layers" help="The layers that get an adapter, from 0: 0-3, 7. Empty means all of them.">
      {(id) => (
        <>
          <Input
            id={id}
            placeholder="all"
            value={text}
            aria-invalid={nonsense}
            aria-describedby={nonsense ? `${id}-fault` : undefined}
            onChange={(event) => {
              const now = event.target.value;
              setTyped(now);
              const read = now.trim() ? layersOf(now) : undefined;
              onChange({ hyperparameters: read ? { ...rest, layersToTransform: read } : rest });
            }}
          />
          {nonsense && (
            <p id={`${id}-fault`} className="text-xs text-red-600">
              Numbers and ranges, such as 0-3, 7. Until then all layers get one.
            </p>
          )}
        </>
      )}
    </Setting>
  );
}
