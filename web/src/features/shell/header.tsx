import { MenuIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import type { Connection } from '@/features/live/shared-stream';
import { ActiveJobs } from './active-jobs';
import { Breadcrumbs } from './breadcrumbs';
import { ConnectionBadge } from './connection-badge';
import { CostTracker } from './cost-tracker';
import { EnvironmentBadge } from './environment-badge';
import { Notifications } from './notifications';
import { UserMenu } from './user-menu';

export function Header({ connection, onMenu }: { connection: Connection; onMenu: () => void }) {
  return (
    <header className="flex h-[60px] shrink-0 items-center justify-between gap-4 border-b bg-background px-4">
      <div className="flex min-w-0 items-center gap-2">
        <Button variant="ghost" size="icon" className="lg:hidden" aria-label="Open menu" onClick={onMenu}>
          <MenuIcon aria-hidden className="size-5" />
        </Button>
        <Breadcrumbs />
      </div>
      <div className="flex items-center gap-2">
        <ConnectionBadge connection={connection} />
        <EnvironmentBadge />
        <ActiveJobs />
        <CostTracker />
        <Notifications />
        <UserMenu />
      </div>
    </header>
  );
}
