import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Webhook } from '@/api/types';
import { testWebhook, updateWebhook } from '@/api/webhooks';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Switch } from '@/components/ui/switch';
import { messageOf } from '@/lib/errors';
import { date, plural } from '@/lib/format';
import { toast } from '@/lib/toast';
import { kindOf } from './kinds';

export function WebhookRow({
  webhook,
  onLog,
  onDelete,
}: {
  webhook: Webhook;
  onLog: () => void;
  onDelete: () => void;
}) {
  const client = useQueryClient();
  const onError = (error: unknown) => toast.error(messageOf(error));
  const test = useMutation({
    mutationFn: () => testWebhook(webhook.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['webhooks', 'deliveries', webhook.id] });
      toast.success('A test is on its way');
      onLog();
    },
    onError,
  });
  const change = useMutation({
    mutationFn: (enabled: boolean) => updateWebhook(webhook.id, { enabled }),
    onSuccess: (_, enabled) => toast.success(enabled ? 'Webhook Switched On' : 'Webhook Switched Off'),
    onError,
    onSettled: () => client.invalidateQueries({ queryKey: ['webhooks', 'list'] }),
  });
  const events =
    webhook.events.length === 0 ? 'All kinds' : webhook.events.map((event) => kindOf(event).label).join(', ');
  return (
    <li className="space-y-3 rounded-lg border p-3">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <p className="font-medium break-all">{webhook.url}</p>
          {webhook.description && <p className="text-sm break-words">{webhook.description}</p>}
          <p className="text-sm text-muted-foreground">
            {events} • made {date(webhook.createdAt)}
          </p>
        </div>
        <Switch
          aria-label={`Send to ${webhook.url}`}
          checked={webhook.enabled}
          disabled={change.isPending}
          onCheckedChange={(on) => change.mutate(on)}
        />
      </div>
      {webhook.disabledReason && (
        <p className="text-sm text-red-600">The server switched it off: {webhook.disabledReason}</p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button variant="outline" size="sm" disabled={test.isPending} onClick={() => test.mutate()}>
          Send Test
        </Button>
        <Button variant="outline" size="sm" onClick={onLog}>
          Delivery Log
        </Button>
        <Button variant="outline" size="sm" onClick={onDelete}>
          Delete
        </Button>
        {webhook.failures > 0 && (
          <Badge variant="destructive">{plural(webhook.failures, 'try', 'tries')} in a row failed</Badge>
        )}
      </div>
    </li>
  );
}
