import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/utils';

/** What stands in place of an empty list. */
export function EmptyState({
  icon: Icon,
  title,
  heading: Heading = 'p',
  children,
  action,
  className,
}: {
  icon: LucideIcon;
  title: string;
  /** `h1` where nothing else heads the page. */
  heading?: 'p' | 'h1';
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  return (
    <div className={cn('flex flex-col items-center px-6 py-16 text-center', className)}>
      <Icon className="mb-4 size-16 text-muted-foreground" aria-hidden />
      <Heading className="text-xl font-semibold">{title}</Heading>
      {children && <p className="mt-2 max-w-lg text-muted-foreground">{children}</p>}
      {action && <div className="mt-6">{action}</div>}
    </div>
  );
}
