import { Slider } from '@/components/ui/slider';
import { Setting } from './setting';

/** A setting on a scale. */
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
