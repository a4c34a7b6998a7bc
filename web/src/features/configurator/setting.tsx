import { type ReactNode, useId } from 'react';
import { Help } from '@/components/help';
import { Badge } from '@/components/ui/badge';
import { Slider } from '@/components/ui/slider';

/** A labelled setting with its help. */
export function Setting({
  label,
  help,
  value,
  children,
}: {
  label: string;
  help: string;
  /** Shown at the right of the label. */
  value?: string;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="min-w-0 space-y-2">
      <div className="flex h-6 items-center justify-between gap-2">
        <span className="flex min-w-0 items-center gap-1.5">
          <label htmlFor={id} className="truncate text-sm font-medium">
            {label}
          </label>
          <Help about={label}>{help}</Help>
        </span>
        {value !== undefined && <Badge variant="outline">{value}</Badge>}
      </div>
      {children(id)}
    </div>
  );
}

export function SliderSetting({
  ends,
  display = String,
  value,
  onChange,
  ...about
}: {
  label: string;
  help: string;
  /** Captions under both ends. */
  ends: [string, string];
  min: number;
  max: number;
  step: number;
  value: number;
  display?: (value: number) => string;
  onChange: (value: number) => void;
}) {
  const { label, help, min, max, step } = about;
  return (
    <Setting label={label} help={help} value={display(value)}>
      {(id) => (
        <>
          <Slider
            id={id}
            aria-label={label}
            // A value that was set elsewhere may lie outside of the usual range: the slider then grows to hold it.
            min={Math.min(min, value)}
            max={Math.max(max, value)}
            step={step}
            value={value}
            onValueChange={(next) => onChange(Number(next.toFixed(4)))}
          />
          <div className="flex justify-between text-xs text-muted-foreground">
            <span>{ends[0]}</span>
            <span>{ends[1]}</span>
          </div>
        </>
      )}
    </Setting>
  );
}
