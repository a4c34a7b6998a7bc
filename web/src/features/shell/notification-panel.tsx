import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { BellIcon, CheckIcon } from 'lucide-react';
import { notificationsQuery } from '@/api/notifications';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { NotificationItem } from '@/features/notifications/notification-item';
import { useNotificationActions } from '@/features/notifications/use-notification-actions';

/** The newest notifications, under the bell. */
export default function NotificationPanel({ onLeave }: { onLeave: () => void }) {
  const { data, error, refetch } = useQuery(notificationsQuery);
  const { readAll, remove, follow } = useNotificationActions();
  const unread = data?.unread ?? 0;
  return (
    <>
      <div className="flex items-center justify-between border-b p-4">
        <div>
          <h2 className="text-lg">Notifications</h2>
          <p className="text-xs text-muted-foreground">{unread > 0 ? `${unread} unread` : 'All caught up!'}</p>
        </div>
        {unread > 0 && (
          <Button
            variant="ghost"
            size="sm"
            className="text-xs"
            onClick={() => readAll.mutate()}
            disabled={readAll.isPending}
          >
            <CheckIcon aria-hidden className="mr-2" />
            Mark all read
          </Button>
        )}
      </div>
      <div className="h-[400px] max-h-[60dvh] overflow-y-auto">
        {data?.notifications.map((notification) => (
          <NotificationItem
            key={notification.id}
            notification={notification}
            onFollow={() => follow(notification) && onLeave()}
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
      <div className="border-t bg-muted/50 p-3">
        <Button asChild variant="ghost" className="w-full">
          <Link to="/notifications" onClick={onLeave}>
            View All Notifications
          </Link>
        </Button>
      </div>
    </>
  );
}
