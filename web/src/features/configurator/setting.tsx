import { type ReactNode, useId } from 'react';
import { Help } from '@/components/help';
import { Badge } from '@/components/ui/badge';

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
