import { Slider as SliderPrimitive } from 'radix-ui';
import type * as React from 'react';
import { cn } from '@/lib/utils';

type SliderProps = Omit<
  React.ComponentProps<typeof SliderPrimitive.Root>,
  'value' | 'onValueChange' | 'defaultValue'
> & {
  value: number;
  onValueChange: (value: number) => void;
  'aria-label': string;
};

const thumb =
  'block size-4 shrink-0 rounded-full border border-primary bg-background shadow-sm ring-ring/50 transition-[color,box-shadow] hover:ring-4 focus-visible:outline-none focus-visible:ring-4';

/** A slider with one thumb. */
export function Slider({ className, value, onValueChange, 'aria-label': label, ...props }: SliderProps) {
  return (
    <SliderPrimitive.Root
      className={cn('relative flex w-full touch-none items-center select-none data-[disabled]:opacity-50', className)}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onValueChange(next)}
      {...props}
    >
      <SliderPrimitive.Track className="relative h-4 w-full grow overflow-hidden rounded-full bg-muted">
        <SliderPrimitive.Range className="absolute h-full bg-primary" />
      </SliderPrimitive.Track>
      <SliderPrimitive.Thumb aria-label={label} className={thumb} />
    </SliderPrimitive.Root>
  );
}

type RangeProps = Omit<
  React.ComponentProps<typeof SliderPrimitive.Root>,
  'value' | 'onValueChange' | 'defaultValue'
> & {
  value: [number, number];
  onValueChange: (value: [number, number]) => void;
  /** Names of both thumbs. */
  'aria-labels': [string, string];
};

/** A slider with two thumbs for a stretch. */
export function RangeSlider({ className, value, onValueChange, 'aria-labels': labels, ...props }: RangeProps) {
  return (
    <SliderPrimitive.Root
      className={cn('relative flex w-full touch-none items-center select-none data-[disabled]:opacity-50', className)}
      value={value}
      minStepsBetweenThumbs={1}
      onValueChange={([low, high]) => low !== undefined && high !== undefined && onValueChange([low, high])}
      {...props}
    >
      <SliderPrimitive.Track className="relative h-4 w-full grow overflow-hidden rounded-full bg-muted">
        <SliderPrimitive.Range className="absolute h-full bg-primary" />
      </SliderPrimitive.Track>
      {labels.map((label) => (
        <SliderPrimitive.Thumb key={label} aria-label={label} className={thumb} />
      ))}
    </SliderPrimitive.Root>
  );
}
