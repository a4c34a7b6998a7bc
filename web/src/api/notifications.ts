import { queryOptions } from '@tanstack/react-query';
import { call } from './client';
import type { Notification, Pagination } from './types';

export const notificationsQuery = queryOptions({
  queryKey: ['notifications'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) => {
    const { data, meta } = await call<
      { notifications: Notification[] },
      { unreadCount: number; pagination: Pagination }
    >('GET', '/api/notifications', { query: { pageSize: 50 }, signal });
    return { notifications: data.notifications, unread: meta.unreadCount };
  },
});

export async function markRead(id: string): Promise<void> {
  await call('PATCH', `/api/notifications/${id}/read`);
}

export async function markAllRead(): Promise<void> {
  await call('POST', '/api/notifications/read-all');
}

export async function dismiss(id: string): Promise<void> {
  await call('DELETE', `/api/notifications/${id}`);
}
