import type { ReactNode } from 'react';
import { cn } from '@/lib/utils';

/** A page's title, with what it is about and its main actions. */
export function PageHeader({
  title,
  subtitle,
  actions,
  leading,
  large = false,
}: {
  title: string;
  subtitle: ReactNode;
  actions?: ReactNode;
  leading?: ReactNode;
  /** The wireframe's larger of two title styles. */
  large?: boolean;
}) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-4">
      <div className="flex min-w-0 items-center gap-3">
        {leading}
        <div className="min-w-0">
          <h1 className={cn(large && 'text-3xl leading-9 font-semibold')}>{title}</h1>
          <p
            className={cn(
              'mt-1 text-muted-foreground',
              large && leading == null && 'mt-2',
              leading != null && 'text-sm',
            )}
          >
            {subtitle}
          </p>
        </div>
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
