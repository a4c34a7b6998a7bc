import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { meQuery } from '@/api/auth';
import { notificationsKey, notificationsQuery } from '@/api/notifications';
import type { Notification } from '@/api/types';
import { BASE } from '@/lib/base';
import { useVisible } from '@/lib/use-visible';
import { applyJobEvents, JOB_EVENTS, type JobEvent } from './job-events';
import { type Connection, followShared } from './shared-stream';

/** Events of jobs are taken together this often, in milliseconds: a fast run reports many steps a second. */
const FLUSH = 250;

/**
 * Shows nothing: keeps lists of jobs and notifications up to date while the reader looks at them, by two streams of events. Both are read again when a
 * stream begins, so that nothing is missed in between.
 */
export default function LiveUpdates({ onConnection }: { onConnection: (connection: Connection) => void }) {
  const client = useQueryClient();
  const user = useQuery(meQuery).data?.id;
  const visible = useVisible();
  const [jobs, setJobs] = useState<Connection>('connecting');
  const [notifications, setNotifications] = useState<Connection>('connecting');

  useEffect(() => {
    if (!user || !visible) return;
    const buffer: JobEvent[] = [];
    const flushing = setInterval(() => {
      if (buffer.length > 0) applyJobEvents(client, buffer.splice(0));
    }, FLUSH);
    const refresh = () => {
      for (const queryKey of [['jobs', 'list'], ['activity']]) void client.invalidateQueries({ queryKey });
    };
    const close = followShared({
      name: `brightrun-jobs-${user}`,
      url: `${BASE}/api/jobs/stream`,
      events: JOB_EVENTS,
      onEvent: (name, data) => void (name !== 'connected' && buffer.push({ name, data: JSON.parse(data) })),
      onState: (state) => {
        setJobs(state);
        if (state !== 'connecting') refresh();
      },
    });
    return () => {
      close();
      clearInterval(flushing);
    };
  }, [client, user, visible]);

  useEffect(() => {
    if (!user || !visible) return;
    const refresh = () => void client.invalidateQueries({ queryKey: notificationsKey });
    return followShared({
      name: `brightrun-notifications-${user}`,
      url: `${BASE}/api/notifications/stream`,
      events: ['connected', 'notification'],
      onEvent: (name, data) => {
        if (name !== 'notification') return;
        const told: { notification: Notification; unreadCount: number } = JSON.parse(data);
        client.setQueryData(notificationsQuery.queryKey, (list) => list && withNotification(list, told));
        void client.invalidateQueries({ queryKey: notificationsKey });
        // A data set was read, a job has ended: both are among what has happened lately.
        for (const queryKey of [['datasets'], ['activity']]) void client.invalidateQueries({ queryKey });
      },
      onState: (state) => {
        setNotifications(state);
        // What is refused because the session is over is seen by what is read then.
        if (state !== 'connecting') refresh();
      },
    });
  }, [client, user, visible]);

  const both = [jobs, notifications];
  const connection = both.includes('lost') ? 'lost' : both.includes('connecting') ? 'connecting' : 'live';
  useEffect(() => onConnection(connection), [connection, onConnection]);
  return null;
}

/** The newest ones with one that has just come. */
function withNotification<T extends { notifications: Notification[]; unread: number }>(
  list: T,
  { notification, unreadCount }: { notification: Notification; unreadCount: number },
): T {
  const others = list.notifications.filter(({ id }) => id !== notification.id);
  return { ...list, notifications: [notification, ...others], unread: unreadCount };
}
