import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { catalogueQuery } from '@/api/jobs';
import { healthQuery } from '@/api/server';
import { cn } from '@/lib/utils';
import { type ComputeLevel, computeState } from './compute';

const DOTS: Record<ComputeLevel, string> = {
  ready: 'animate-pulse bg-green-500 motion-reduce:animate-none',
  short: 'bg-amber-500',
  broken: 'bg-red-500',
};

/** Whether there is a machine to train on, and a server that can use it. */
export function ComputeStatus({ onNavigate }: { onNavigate?: (() => void) | undefined }) {
  const catalogue = useQuery(catalogueQuery);
  const health = useQuery(healthQuery);
  const state = computeState(
    { data: health.data, failed: health.isError },
    { data: catalogue.data, failed: catalogue.isError },
  );
  if (!state) return <div className="h-[49px] border-t border-sidebar-border" />;
  return (
    <Link
      to="/settings"
      search={{ tab: 'cluster' }}
      onClick={onNavigate}
      title={state.detail}
      className="flex items-center gap-2 border-t border-sidebar-border p-4 text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-[3px] focus-visible:ring-ring/50 focus-visible:ring-inset"
    >
      <span aria-hidden className={cn('size-2 shrink-0 rounded-full', DOTS[state.level])} />
      <span className="truncate">{state.text}</span>
    </Link>
  );
}
