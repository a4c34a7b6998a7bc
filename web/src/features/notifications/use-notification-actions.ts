import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { dismiss, markAllRead, markRead, notificationsKey } from '@/api/notifications';
import type { Notification } from '@/api/types';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

/** What can be done with notifications; every list of them is read again afterwards. */
export function useNotificationActions() {
  const client = useQueryClient();
  const router = useRouter();
  const settled = {
    onSettled: () => client.invalidateQueries({ queryKey: notificationsKey }),
    onError: (failure: unknown) => toast.error(messageOf(failure)),
  };
  const readOne = useMutation({ mutationFn: markRead, ...settled });
  const readAll = useMutation({ mutationFn: markAllRead, ...settled });
  const remove = useMutation({ mutationFn: dismiss, ...settled });

  /** Marks it as read and goes where it leads; tells whether it leads anywhere. */
  const follow = (notification: Notification): boolean => {
    if (!notification.read) readOne.mutate(notification.id);
    if (!notification.actionUrl) return false;
    void router.navigate({ href: notification.actionUrl });
    return true;
  };
  return { readAll, remove, follow };
}
