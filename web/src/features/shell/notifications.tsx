import { useQuery } from '@tanstack/react-query';
import { BellIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { notificationsQuery } from '@/api/notifications';
import { PopoverOnDemand } from '@/components/popover-on-demand';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';

const NotificationPanel = lazy(() => import('./notification-panel'));

export function Notifications() {
  const [open, setOpen] = useState(false);
  const unread = useQuery(notificationsQuery).data?.unread ?? 0;
  const button = (
    <Button
      variant="ghost"
      size="icon"
      className="relative"
      aria-label={unread > 0 ? `Notifications, ${unread} unread` : 'Notifications'}
    >
      <BellIcon aria-hidden className="size-5" />
      {unread > 0 && (
        <Badge aria-hidden variant="destructive" className="absolute -top-1 -right-1 h-5 min-w-5 px-1 py-0">
          {unread > 99 ? '99+' : unread}
        </Badge>
      )}
    </Button>
  );
  return (
    <PopoverOnDemand button={button} label="Notifications" className="w-[420px]" open={open} onOpenChange={setOpen}>
      <Suspense fallback={<Skeleton className="m-4 h-96" />}>
        <NotificationPanel onLeave={() => setOpen(false)} />
      </Suspense>
    </PopoverOnDemand>
  );
}
