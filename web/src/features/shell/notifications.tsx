import { useQuery } from '@tanstack/react-query';
import { BellIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { notificationsQuery } from '@/api/notifications';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Skeleton } from '@/components/ui/skeleton';

const NotificationPanel = lazy(() => import('./notification-panel'));

export function Notifications() {
  const [open, setOpen] = useState(false);
  const unread = useQuery(notificationsQuery).data?.unread ?? 0;
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
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
      </PopoverTrigger>
      <PopoverContent className="w-[420px]" aria-label="Notifications">
        <Suspense fallback={<Skeleton className="m-4 h-96" />}>
          <NotificationPanel onLeave={() => setOpen(false)} />
        </Suspense>
      </PopoverContent>
    </Popover>
  );
}
