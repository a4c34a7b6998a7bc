import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { meQuery } from '@/api/auth';
import { Logo } from '@/components/logo';
import { Badge } from '@/components/ui/badge';
import { cn } from '@/lib/utils';
import { ComputeStatus } from './compute-status';
import { sectionsOf } from './nav';
import { useLiveJobs } from './use-live-jobs';

export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const path = useLocation({ select: (location) => location.pathname });
  const live = useLiveJobs().length;
  const { data: me } = useQuery(meQuery);
  return (
    <div className="flex h-full w-60 flex-col bg-sidebar text-sidebar-foreground">
      <div className="flex h-20 items-center border-b border-sidebar-border px-4">
        <Logo />
      </div>
      <nav aria-label="Sections" className="flex-1 space-y-2 overflow-y-auto p-4">
        {sectionsOf(me?.role).map(({ label, to, icon: Icon, owns }) => {
          const active = owns(path);
          return (
            <Link
              key={to}
              to={to}
              onClick={onNavigate}
              aria-current={active ? 'page' : undefined}
              className={cn(
                'relative flex min-h-10 w-full items-center gap-3 rounded-lg px-3 py-2 font-medium outline-none transition-colors hover:bg-sidebar-accent focus-visible:ring-[3px] focus-visible:ring-ring/50',
                active && 'bg-sidebar-accent',
              )}
            >
              {active && (
                <span
                  aria-hidden
                  className="absolute top-1/2 left-0 h-6 w-1 -translate-y-1/2 rounded-r-full bg-primary"
                />
              )}
              <Icon aria-hidden className={cn('size-5 shrink-0', active && 'text-sidebar-primary')} />
              <span className="flex-1">{label}</span>
              {to === '/training/jobs' && live > 0 && (
                <Badge variant="secondary" className="py-0">
                  {live} active
                </Badge>
              )}
            </Link>
          );
        })}
      </nav>
      <ComputeStatus onNavigate={onNavigate} />
    </div>
  );
}
