import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { BellIcon, CheckIcon } from 'lucide-react';
import { useEffect } from 'react';
import { notificationPageQuery } from '@/api/notifications';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { PageHeader } from '@/components/page-header';
import { Pager } from '@/components/pager';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { plural } from '@/lib/format';
import { NotificationItem } from './notification-item';
import { useNotificationActions } from './use-notification-actions';

const route = getRouteApi('/_app/notifications');

export function NotificationsPage() {
  const { unread: unreadOnly, page } = route.useSearch();
  const navigate = route.useNavigate();
  const { data } = useQuery(notificationPageQuery(page, unreadOnly));
  const { readAll } = useNotificationActions();
  const filters = [
    { label: 'All', value: false },
    { label: data ? `Unread (${data.unread})` : 'Unread', value: true },
  ];
  return (
    <div className="mx-auto max-w-4xl space-y-6 p-6">
      <PageHeader
        title="Notifications"
        subtitle={data && data.unread > 0 ? `${plural(data.unread, 'notification')} unread` : 'All caught up!'}
        actions={
          <Button
            variant="outline"
            disabled={!data || data.unread === 0 || readAll.isPending}
            onClick={() => readAll.mutate()}
          >
            <CheckIcon aria-hidden className="mr-2" />
            Mark all read
          </Button>
        }
      />
      <fieldset className="flex gap-2">
        <legend className="sr-only">Which are shown</legend>
        {filters.map(({ label, value }) => (
          <Button
            key={String(value)}
            variant={unreadOnly === value ? 'secondary' : 'ghost'}
            size="sm"
            aria-pressed={unreadOnly === value}
            onClick={() => void navigate({ search: { unread: value, page: 1 }, replace: true })}
          >
            {label}
          </Button>
        ))}
      </fieldset>
      <List />
    </div>
  );
}

function List() {
  const { unread: unreadOnly, page } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, isPlaceholderData } = useQuery(notificationPageQuery(page, unreadOnly));
  const { remove, follow } = useNotificationActions();
  // The last one of a page was dismissed or read: the page before has the rest.
  const beyond = data?.notifications.length === 0 && page > 1 && !isPlaceholderData;
  useEffect(() => {
    if (beyond) void navigate({ search: (old) => ({ ...old, page: page - 1 }), replace: true });
  }, [beyond, navigate, page]);
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  // What was listed under another filter is not shown under this one.
  if (!data || isPlaceholderData || beyond) return <Loading />;
  if (data.notifications.length === 0) {
    return (
      <EmptyState icon={BellIcon} title={unreadOnly ? 'Nothing unread' : 'No notifications yet'}>
        {unreadOnly ? 'Everything here has been read.' : 'What happens to your datasets, jobs and budget is told here.'}
      </EmptyState>
    );
  }
  return (
    <>
      <Card className="gap-0 overflow-hidden p-0">
        <ul aria-label="Notifications">
          {data.notifications.map((notification) => (
            <li key={notification.id} className="[&:last-child>div]:border-b-0">
              <NotificationItem
                notification={notification}
                onFollow={() => follow(notification)}
                onDismiss={() => remove.mutate(notification.id)}
              />
            </li>
          ))}
        </ul>
      </Card>
      <Pager
        page={page}
        hasMore={data.hasMore}
        onPage={(next) => void navigate({ search: (old) => ({ ...old, page: next }) })}
      />
    </>
  );
}

function Loading() {
  return (
    <output className="block space-y-3">
      <span className="sr-only">Loading</span>
      {[1, 2, 3].map((n) => (
        <Skeleton key={n} className="h-24 rounded-xl" />
      ))}
    </output>
  );
}
