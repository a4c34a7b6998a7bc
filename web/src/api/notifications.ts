import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';

/** The key of all lists of notifications. */
export const notificationsKey = ['notifications'];
const listQuery = (query: { unreadOnly?: boolean; page?: number; pageSize: number }) =>
  queryOptions({
    queryKey: [...notificationsKey, query],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/notifications', { params: { query }, signal }));
      return { notifications: data.notifications, unread: meta?.unreadCount ?? 0, ...pageOf(meta) };
    },
  });

/** The newest ones, for the header. */
export const notificationsQuery = listQuery({ pageSize: 50 });

export const notificationPageQuery = (page: number, unreadOnly: boolean) =>
  listQuery({ page, pageSize: 20, ...(unreadOnly && { unreadOnly }) });

export async function markRead(id: string): Promise<void> {
  await api.PATCH('/api/notifications/{id}/read', { params: { path: { id } } });
}

export async function markAllRead(): Promise<void> {
  await api.POST('/api/notifications/read-all');
}

export async function dismiss(id: string): Promise<void> {
  await api.DELETE('/api/notifications/{id}', { params: { path: { id } } });
}
