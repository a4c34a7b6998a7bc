import { RotateCcwIcon } from 'lucide-react';
import { useId } from 'react';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/checkbox';
import { RangeSlider, Slider } from '@/components/ui/slider';
import { decimal, integer } from '@/lib/format';
import { MOST_SMOOTH, type MonitorSearch } from '../search';

/** Smoothing, kind of axis and the steps that are shown. */
export default function ChartControls({
  view,
  extent,
  onChange,
}: {
  view: MonitorSearch;
  extent: { first: number; last: number };
  onChange: (patch: Partial<MonitorSearch>) => void;
}) {
  const id = useId();
  const { smooth = 0, log = false } = view;
  const from = Math.max(extent.first, Math.min(view.from ?? extent.first, extent.last));
  const to = Math.max(from, Math.min(view.to ?? extent.last, extent.last));
  const zoomed = view.from !== undefined || view.to !== undefined;
  const zoom = ([low, high]: [number, number]) =>
    onChange({ from: low > extent.first ? low : undefined, to: high < extent.last ? high : undefined });
  return (
    <div className="grid grid-cols-1 items-end gap-x-6 gap-y-4 sm:grid-cols-[1fr_2fr_auto]">
      <div className="space-y-2">
        <p className="flex justify-between text-xs text-muted-foreground">
          <span>Smoothing</span>
          <span>{smooth === 0 ? 'off' : decimal(smooth, 2)}</span>
        </p>
        <Slider
          aria-label="Smoothing"
          min={0}
          max={MOST_SMOOTH}
          step={0.05}
          value={smooth}
          onValueChange={(value) => onChange({ smooth: value > 0 ? Number(value.toFixed(2)) : undefined })}
        />
      </div>
      <div className="space-y-2">
        <p className="flex justify-between text-xs text-muted-foreground">
          <span>Steps shown</span>
          <span>
            {integer(from)} to {integer(to)}
          </span>
        </p>
        <RangeSlider
          aria-labels={['First step shown', 'Last step shown']}
          min={extent.first}
          max={Math.max(extent.last, extent.first + 1)}
          value={[from, to]}
          onValueChange={zoom}
        />
      </div>
      <div className="flex items-center gap-4">
        <label htmlFor={id} className="flex items-center gap-2 text-sm whitespace-nowrap">
          <Checkbox
            id={id}
            checked={log}
            onCheckedChange={(checked) => onChange({ log: checked === true ? true : undefined })}
          />
          Log axis
        </label>
        {zoomed && (
          <Button variant="ghost" size="sm" onClick={() => onChange({ from: undefined, to: undefined })}>
            <RotateCcwIcon aria-hidden className="mr-2" />
            Reset Zoom
          </Button>
        )}
      </div>
    </div>
  );
}
