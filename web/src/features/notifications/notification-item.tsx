import { CircleAlertIcon, CircleCheckIcon, InfoIcon, TriangleAlertIcon, XIcon } from 'lucide-react';
import type { Notification } from '@/api/types';
import { Button } from '@/components/ui/button';
import { relativeTime } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { cn } from '@/lib/utils';

const LOOKS = {
  job_complete: { icon: CircleCheckIcon, colour: 'text-green-600', action: 'View Results' },
  job_failed: { icon: CircleAlertIcon, colour: 'text-red-600', action: 'View Details' },
  job_queued: { icon: InfoIcon, colour: 'text-blue-600', action: 'View Details' },
  job_started: { icon: InfoIcon, colour: 'text-blue-600', action: 'View Details' },
  job_cancelled: { icon: TriangleAlertIcon, colour: 'text-amber-600', action: 'View Details' },
  cost_alert: { icon: TriangleAlertIcon, colour: 'text-amber-600', action: 'Review Budget' },
  dataset_ready: { icon: InfoIcon, colour: 'text-blue-600', action: 'View Dataset' },
  dataset_failed: { icon: TriangleAlertIcon, colour: 'text-amber-600', action: 'View Dataset' },
  account: { icon: InfoIcon, colour: 'text-blue-600', action: 'View' },
  weekly_summary: { icon: InfoIcon, colour: 'text-blue-600', action: 'View' },
  system: { icon: InfoIcon, colour: 'text-blue-600', action: 'View' },
} as const;

const ALARM = { icon: TriangleAlertIcon, colour: 'text-amber-600' };

export function NotificationItem({
  notification,
  onFollow,
  onDismiss,
}: {
  notification: Notification;
  onFollow: () => void;
  onDismiss: () => void;
}) {
  const now = useNow(30_000);
  const {
    icon: Icon,
    colour,
    action,
  } = {
    ...LOOKS[notification.type],
    // A dataset that cannot be used is announced by the same type as one that can.
    ...(notification.type === 'dataset_ready' && notification.priority === 'high' && ALARM),
  };
  return (
    <div className={cn('relative border-b p-4 hover:bg-accent', !notification.read && 'bg-blue-50/50')}>
      {!notification.read && (
        <span aria-hidden className="absolute top-1/2 left-0 h-8 w-1 -translate-y-1/2 rounded-r-full bg-blue-500" />
      )}
      <div className="flex items-start gap-3">
        <Icon aria-hidden className={cn('mt-0.5 size-5 shrink-0', colour)} />
        <div className="min-w-0 flex-1">
          <div className="flex items-start justify-between gap-2">
            <p className="text-sm font-medium">
              {!notification.read && <span className="sr-only">Unread: </span>}
              {notification.title}
            </p>
            <button
              type="button"
              className="text-muted-foreground hover:text-foreground"
              aria-label={`Dismiss: ${notification.title}`}
              onClick={onDismiss}
            >
              <XIcon aria-hidden className="size-4" />
            </button>
          </div>
          <p className="mt-1 text-sm break-words text-muted-foreground">{notification.message}</p>
          <div className="mt-2 flex items-center justify-between">
            <span className="text-xs text-muted-foreground">{relativeTime(notification.createdAt, now)}</span>
            {(notification.actionUrl || !notification.read) && (
              <Button variant="link" className="h-auto p-0 text-xs" onClick={onFollow}>
                {notification.actionUrl ? action : 'Mark read'}
              </Button>
            )}
          </div>
        </div>
      </div>
    </div>
  );
}
