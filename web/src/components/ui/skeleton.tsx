import type * as React from 'react';
import { cn } from '@/lib/utils';

/** A grey shape in place of something that is still loading. */
export function Skeleton({ className, ...props }: React.ComponentProps<'div'>) {
  return <div aria-hidden className={cn('animate-pulse rounded-md bg-accent', className)} {...props} />;
}
