import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { PlusIcon, WebhookIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Webhook } from '@/api/types';
import { deleteWebhook, webhooksQuery } from '@/api/webhooks';
import { ConfirmDialog } from '@/components/confirm-dialog';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';
import { WebhookRow } from './webhook-row';

const WebhookDialog = lazy(() => import('./webhook-dialog'));
const DeliveriesDialog = lazy(() => import('./deliveries-dialog'));

const route = getRouteApi('/_app/settings');

type Asked = { what: 'create' } | { what: 'delete' | 'log'; webhook: Webhook };

export function WebhooksCard() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const [asked, setAsked] = useState<Asked>();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(webhooksQuery(page));
  const close = () => setAsked(undefined);
  const remove = useMutation({
    mutationFn: (webhook: Webhook) => deleteWebhook(webhook.id),
    onSuccess: () => toast.success('Webhook Deleted'),
    onError: (failure) => toast.error(messageOf(failure)),
    onSettled: () => {
      close();
      return client.invalidateQueries({ queryKey: ['webhooks', 'list'] });
    },
  });
  return (
    <Section
      title="Webhooks"
      about="Notifications, posted to an address of yours and signed after Standard Webhooks"
      aside={
        <Button onClick={() => setAsked({ what: 'create' })}>
          <PlusIcon aria-hidden className="mr-2" />
          Create Webhook
        </Button>
      }
    >
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-24 rounded-lg" />}
      {data?.webhooks.length === 0 && (
        <EmptyState icon={WebhookIcon} title="No webhooks" className="py-6">
          A program of yours learns at once when a job is done. Which kinds are sent is set under Notifications.
        </EmptyState>
      )}
      <ul className="space-y-3">
        {data?.webhooks.map((webhook) => (
          <WebhookRow
            key={webhook.id}
            webhook={webhook}
            onLog={() => setAsked({ what: 'log', webhook })}
            onDelete={() => setAsked({ what: 'delete', webhook })}
          />
        ))}
      </ul>
      {data && (
        <Pager
          page={page}
          hasMore={data.hasMore}
          onPage={(next) => void navigate({ search: (old) => ({ ...old, page: next }) })}
        />
      )}
      <Suspense>
        {asked?.what === 'create' && <WebhookDialog onClose={close} />}
        {asked?.what === 'log' && <DeliveriesDialog webhook={asked.webhook} onClose={close} />}
      </Suspense>
      {asked?.what === 'delete' && (
        <ConfirmDialog
          title="Delete this webhook?"
          action="Delete Webhook"
          busy={remove.isPending}
          onConfirm={() => remove.mutate(asked.webhook)}
          onClose={close}
        >
          Nothing more is sent to <span className="break-all">{asked.webhook.url}</span>. Its log goes with it.
        </ConfirmDialog>
      )}
    </Section>
  );
}
