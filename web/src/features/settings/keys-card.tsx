import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyIcon, PlusIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { keysQuery, revokeKey } from '@/api/account';
import type { ApiKey } from '@/api/types';
import { ConfirmDialog } from '@/components/confirm-dialog';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { date, relativeTime } from '@/lib/format';
import { toast } from '@/lib/toast';
import { useNow } from '@/lib/use-now';
import { isOver } from './expiry';

const KeyDialog = lazy(() => import('./key-dialog'));

export function KeysCard() {
  const [making, setMaking] = useState(false);
  const [asking, setAsking] = useState<ApiKey>();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(keysQuery);
  const revoke = useMutation({
    mutationFn: (key: ApiKey) => revokeKey(key.id),
    onSuccess: () => toast.success('API Key Revoked'),
    onError: (failure) => toast.error(messageOf(failure)),
    onSettled: () => {
      setAsking(undefined);
      return client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  return (
    <Section
      title="API Keys"
      about="For programs that use this server in your name"
      aside={
        <Button onClick={() => setMaking(true)}>
          <PlusIcon aria-hidden className="mr-2" />
          Create API Key
        </Button>
      }
    >
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-20 rounded-lg" />}
      {data?.length === 0 && (
        <EmptyState icon={KeyIcon} title="No API keys" className="py-6">
          A program sends its key as “Authorization: Bearer”; what it can then do is what you allow here.
        </EmptyState>
      )}
      <ul className="space-y-3">
        {data?.map((key) => (
          <KeyRow key={key.id} apiKey={key} onRevoke={() => setAsking(key)} />
        ))}
      </ul>
      {making && (
        <Suspense>
          <KeyDialog onClose={() => setMaking(false)} />
        </Suspense>
      )}
      {asking && (
        <ConfirmDialog
          title="Revoke this API key?"
          action="Revoke Key"
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate(asking)}
          onClose={() => setAsking(undefined)}
        >
          Whatever uses “{asking.name}” is refused at once. A key that was revoked does not come back.
        </ConfirmDialog>
      )}
    </Section>
  );
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const now = useNow(30_000);
  const over = isOver(apiKey.expiresAt, now);
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium break-all">
          {apiKey.name}
          <Badge variant="outline">{apiKey.scope === 'read' ? 'Read only' : 'Read and write'}</Badge>
          {over && <Badge variant="secondary">Expired</Badge>}
        </p>
        <p className="text-sm text-muted-foreground">
          <span className="font-mono">{apiKey.hint}…</span> • made {date(apiKey.createdAt)} •{' '}
          {apiKey.expiresAt ? `${over ? 'ended' : 'good until'} ${date(apiKey.expiresAt)}` : 'does not expire'} •{' '}
          {apiKey.lastUsedAt ? `used ${relativeTime(apiKey.lastUsedAt, now)}` : 'never used'}
        </p>
      </div>
      <Button variant="outline" size="sm" onClick={onRevoke} aria-label={`Revoke ${apiKey.name}`}>
        Revoke
      </Button>
    </li>
  );
}
