import { useQuery } from '@tanstack/react-query';
import { catalogueQuery } from '@/api/jobs';
import { plural } from '@/lib/format';
import { cn } from '@/lib/utils';

/** Whether there is a machine to train on. */
export function ComputeStatus() {
  const { data, isError } = useQuery(catalogueQuery);
  if (!data && !isError) return <div className="h-[49px] border-t border-sidebar-border" />;
  const available = data?.instanceTypes.filter((instance) => instance.available) ?? [];
  const ready = available.length > 0;
  return (
    <div className="flex items-center gap-2 border-t border-sidebar-border p-4 text-xs text-muted-foreground">
      <span
        aria-hidden
        className={cn('size-2 shrink-0 rounded-full', ready ? 'animate-pulse bg-green-500' : 'bg-amber-500')}
      />
      <span className="truncate" title={available.map((instance) => instance.displayName).join(', ')}>
        {computeText(isError, available)}
      </span>
    </div>
  );
}

function computeText(failed: boolean, available: { displayName: string }[]): string {
  if (failed) return 'Compute status unknown';
  const [only] = available;
  if (!only) return 'No compute available';
  return available.length === 1 ? `${only.displayName} ready` : `${plural(available.length, 'instance type')} ready`;
}
