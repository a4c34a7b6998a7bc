import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { BellIcon, CheckIcon } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { dismiss, markAllRead, markRead, notificationsQuery } from '@/api/notifications';
import type { Notification } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { NotificationItem } from './notification-item';

export function Notifications() {
  const [open, setOpen] = useState(false);
  const client = useQueryClient();
  const router = useRouter();
  const { data, error, refetch } = useQuery(notificationsQuery);
  const unread = data?.unread ?? 0;
  const settled = {
    onSettled: () => client.invalidateQueries({ queryKey: notificationsQuery.queryKey }),
    onError: (failure: unknown) => toast.error(messageOf(failure)),
  };
  const readOne = useMutation({ mutationFn: markRead, ...settled });
  const readAll = useMutation({ mutationFn: markAllRead, ...settled });
  const remove = useMutation({ mutationFn: dismiss, ...settled });

  const follow = (notification: Notification) => {
    if (!notification.read) readOne.mutate(notification.id);
    if (!notification.actionUrl) return;
    setOpen(false);
    void router.navigate({ href: notification.actionUrl });
  };

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
        <div className="flex items-center justify-between border-b p-4">
          <div>
            <h2 className="text-base">Notifications</h2>
            <p className="text-xs text-muted-foreground">{unread > 0 ? `${unread} unread` : 'All caught up!'}</p>
          </div>
          {unread > 0 && (
            <Button variant="ghost" size="sm" onClick={() => readAll.mutate()} disabled={readAll.isPending}>
              <CheckIcon aria-hidden />
              Mark all read
            </Button>
          )}
        </div>
        <div className="h-[400px] max-h-[60dvh] overflow-y-auto">
          {data?.notifications.map((notification) => (
            <NotificationItem
              key={notification.id}
              notification={notification}
              onFollow={() => follow(notification)}
              onDismiss={() => remove.mutate(notification.id)}
            />
          ))}
          {data?.notifications.length === 0 && (
            <p className="flex h-full flex-col items-center justify-center gap-2 text-muted-foreground">
              <BellIcon aria-hidden className="size-8 opacity-50" />
              No notifications yet
            </p>
          )}
          {!data && error && <ErrorState error={error} onRetry={() => void refetch()} />}
          {!data && !error && <Skeleton className="m-4 h-16" />}
        </div>
      </PopoverContent>
    </Popover>
  );
}
