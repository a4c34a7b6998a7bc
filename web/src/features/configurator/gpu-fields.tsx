import { useId } from 'react';
import type { Catalogue, InstanceType } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { RadioGroup, RadioGroupItem } from '@/components/ui/radio-group';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { hourlyRate, percent } from '@/lib/format';
import { cn } from '@/lib/utils';
import type { Config } from './config';
import { Setting } from './setting';

/** What the API takes. */
const GPUS = [1, 2, 4, 8];

export function GpuFields({
  config,
  catalogue,
  onChange,
}: {
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
  const instance = catalogue.instanceTypes.find(({ id }) => id === config.instanceType);
  const choose = (id: string) => {
    const chosen = catalogue.instanceTypes.find((known) => known.id === id);
    if (chosen) onChange({ instanceType: id, spot: config.spot && chosen.spotRatePerHour !== undefined });
  };
  return (
    <Card className="p-6">
      <h3 className="font-semibold">GPU Configuration</h3>
      <div className="space-y-3">
        <p id="gpu-type" className="text-sm font-medium">
          GPU Type
        </p>
        <RadioGroup aria-labelledby="gpu-type" value={config.instanceType} onValueChange={choose}>
          {catalogue.instanceTypes.map((known) => (
            <Machine key={known.id} instance={known} />
          ))}
        </RadioGroup>
      </div>
      {instance && (
        <div className="space-y-3">
          <p id="instance-type" className="text-sm font-medium">
            Instance Type
          </p>
          <RadioGroup
            aria-labelledby="instance-type"
            value={config.spot ? 'spot' : 'on-demand'}
            onValueChange={(value) => onChange({ spot: value === 'spot' })}
          >
            <Offers instance={instance} />
          </RadioGroup>
        </div>
      )}
      <Setting label="Number of GPUs" help="GPUs that train together on one machine, where the machine has them.">
        {(id) => (
          <Select value={String(config.numGpus)} onValueChange={(value) => onChange({ numGpus: Number(value) })}>
            <SelectTrigger id={id}>
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              {GPUS.map((count) => (
                <SelectItem key={count} value={String(count)}>
                  {count}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
        )}
      </Setting>
      <Setting
        label="Maximum Duration (hours)"
        help="Training stops with a checkpoint after this time. Set it above the estimate."
      >
        {(id) => (
          <Input
            id={id}
            type="number"
            min={catalogue.limits.maxDurationHours.min}
            max={catalogue.limits.maxDurationHours.max}
            step="any"
            value={config.run.maxDurationHours}
            onChange={(event) => onChange({ run: { ...config.run, maxDurationHours: event.target.value } })}
          />
        )}
      </Setting>
    </Card>
  );
}

function Machine({ instance }: { instance: InstanceType }) {
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <RadioGroupItem id={id} value={instance.id} disabled={!instance.available} />
      <label
        htmlFor={id}
        className={cn('flex flex-wrap items-center gap-2 text-sm', !instance.available && 'text-muted-foreground')}
      >
        {instance.displayName}
        {instance.available ? (
          <span className="text-muted-foreground">{hourlyRate(instance.ratePerHour)}</span>
        ) : (
          <span className="text-xs">(not offered by this cluster)</span>
        )}
      </label>
    </div>
  );
}

function Offers({ instance }: { instance: InstanceType }) {
  const { ratePerHour: rate, spotRatePerHour: spot } = instance;
  return (
    <>
      {spot !== undefined && (
        <Offer
          value="spot"
          label="Spot Instance"
          badge={`~${percent(100 * (1 - spot / rate))} Savings`}
          caption={`${hourlyRate(spot)} • May be interrupted • Resumes from checkpoints`}
        />
      )}
      <Offer
        value="on-demand"
        label="On-Demand Instance"
        caption={`${hourlyRate(rate)} • Guaranteed availability • No interruptions`}
      />
    </>
  );
}

function Offer(props: { value: string; label: string; badge?: string; caption: string }) {
  const id = useId();
  return (
    <label htmlFor={id} className="flex cursor-pointer items-start gap-3 rounded-md border p-3">
      <RadioGroupItem id={id} value={props.value} className="mt-0.5" />
      <span>
        <span className="flex flex-wrap items-center gap-2 text-sm">
          {props.label}
          {props.badge && <Badge variant="green">{props.badge}</Badge>}
        </span>
        <span className="mt-1 block text-xs text-muted-foreground">{props.caption}</span>
      </span>
    </label>
  );
}
