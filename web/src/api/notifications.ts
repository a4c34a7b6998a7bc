import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';

export const notificationsQuery = queryOptions({
  queryKey: ['notifications'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) => {
    const { data, meta } = await ok(api.GET('/api/notifications', { params: { query: { pageSize: 50 } }, signal }));
    return { notifications: data.notifications, unread: meta?.unreadCount ?? 0 };
  },
});

export async function markRead(id: string): Promise<void> {
  await api.PATCH('/api/notifications/{id}/read', { params: { path: { id } } });
}

export async function markAllRead(): Promise<void> {
  await api.POST('/api/notifications/read-all');
}

export async function dismiss(id: string): Promise<void> {
  await api.DELETE('/api/notifications/{id}', { params: { path: { id } } });
}
