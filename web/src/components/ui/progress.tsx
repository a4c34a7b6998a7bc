import { Progress as ProgressPrimitive } from 'radix-ui';
import type * as React from 'react';
import { cn } from '@/lib/utils';

type ProgressProps = React.ComponentProps<typeof ProgressPrimitive.Root> & {
  /** Class of the filled part. */
  indicatorClassName?: string;
  'aria-label': string;
};

/** A bar from 0 to 100. */
export function Progress({ className, indicatorClassName, value, ...props }: ProgressProps) {
  const filled = Math.min(100, Math.max(0, value ?? 0));
  return (
    <ProgressPrimitive.Root
      className={cn('relative h-2 w-full overflow-hidden rounded-full bg-primary/20', className)}
      value={filled}
      {...props}
    >
      <ProgressPrimitive.Indicator
        className={cn('size-full flex-1 bg-primary transition-all', indicatorClassName)}
        style={{ transform: `translateX(-${100 - filled}%)` }}
      />
    </ProgressPrimitive.Root>
  );
}
