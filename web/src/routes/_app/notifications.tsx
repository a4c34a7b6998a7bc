import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { NotificationsPage } from '@/features/notifications/notifications-page';

export const Route = createFileRoute('/_app/notifications')({
  staticData: { crumb: 'Notifications' },
  validateSearch: (
    raw: { unread?: boolean; page?: number } & SearchSchemaInput,
  ): { unread: boolean; page: number } => ({
    unread: raw.unread === true,
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
  }),
  search: { middlewares: [stripSearchParams({ unread: false, page: 1 })] },
  component: NotificationsPage,
});
