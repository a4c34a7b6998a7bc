import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Webhook, WebhookDelivery } from '@/api/types';
import { deliveriesQuery } from '@/api/webhooks';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { Badge, type BadgeVariant } from '@/components/ui/badge';
import { Dialog, DialogContent, DialogDescription, DialogHeader, DialogTitle } from '@/components/ui/dialog';
import { Skeleton } from '@/components/ui/skeleton';
import { dateTime, plural } from '@/lib/format';
import { kindOf } from './kinds';

const STATES: Record<WebhookDelivery['status'], { label: string; variant: BadgeVariant }> = {
  pending: { label: 'On its way', variant: 'blue' },
  delivered: { label: 'Delivered', variant: 'green' },
  failed: { label: 'Given up', variant: 'destructive' },
};

/** What was sent to a webhook, and how it was answered. */
export default function DeliveriesDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [page, setPage] = useState(1);
  const { data, error, refetch } = useQuery(deliveriesQuery(webhook.id, page));
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="sm:max-w-2xl">
        <DialogHeader>
          <DialogTitle>Delivery Log</DialogTitle>
          <DialogDescription className="break-all">{webhook.url}, the last 30 days</DialogDescription>
        </DialogHeader>
        {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton className="h-24" />}
        {data?.deliveries.length === 0 && (
          <p className="py-6 text-center text-muted-foreground">
            Nothing was sent yet. Send a test to see how it goes.
          </p>
        )}
        <ul className="min-w-0 space-y-3">
          {data?.deliveries.map((delivery) => (
            <Delivery key={delivery.id} delivery={delivery} />
          ))}
        </ul>
        {data && <Pager page={page} hasMore={data.hasMore} onPage={setPage} />}
      </DialogContent>
    </Dialog>
  );
}

function Delivery({ delivery }: { delivery: WebhookDelivery }) {
  const { label, variant } = STATES[delivery.status];
  return (
    <li className="min-w-0 space-y-1 rounded-lg border p-3 text-sm">
      <p className="flex flex-wrap items-center gap-2 font-medium">
        {delivery.event === 'test' ? 'Test' : kindOf(delivery.event).label}
        <Badge variant={variant}>{label}</Badge>
        {delivery.responseStatus !== undefined && <Badge variant="outline">Status {delivery.responseStatus}</Badge>}
      </p>
      <p className="text-muted-foreground">
        {dateTime(delivery.createdAt)} • {plural(delivery.attempts, 'try', 'tries')}
        {delivery.status === 'pending' &&
          delivery.nextAttemptAt &&
          delivery.attempts > 0 &&
          ` • tried again ${dateTime(delivery.nextAttemptAt)}`}
      </p>
      {delivery.error && <p className="break-words text-red-600">{delivery.error}</p>}
      <details>
        <summary className="cursor-pointer text-muted-foreground">Message and answer</summary>
        <Text label="Message" text={delivery.payload} />
        {delivery.responseBody && <Text label="Answer" text={delivery.responseBody} />}
      </details>
    </li>
  );
}

function Text({ label, text }: { label: string; text: string }) {
  return (
    <div className="mt-2">
      <p className="text-xs font-medium">{label}</p>
      <pre className="mt-1 max-h-40 overflow-auto rounded-md bg-muted p-2 text-xs break-all whitespace-pre-wrap">
        {text}
      </pre>
    </div>
  );
}
