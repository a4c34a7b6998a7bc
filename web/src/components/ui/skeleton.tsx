import type * as React from 'react';
import { cn } from '@/lib/utils';

/** A grey shape in place of something that is still loading. It is a span, so that it may stand inside a line. */
export function Skeleton({ className, ...props }: React.ComponentProps<'span'>) {
  return <span aria-hidden className={cn('block animate-pulse rounded-md bg-accent', className)} {...props} />;
}
