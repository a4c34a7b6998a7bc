import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { revokeOtherSessions, revokeSession, sessionsQuery } from '@/api/account';
import type { LiveSession } from '@/api/types';
import { ConfirmDialog } from '@/components/confirm-dialog';
import { ErrorState } from '@/components/error-state';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { dateTime, relativeTime } from '@/lib/format';
import { toast } from '@/lib/toast';
import { useNow } from '@/lib/use-now';
import { deviceOf } from './device';

export function SessionsCard() {
  const [asking, setAsking] = useState<LiveSession | 'others'>();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: (what: LiveSession | 'others') => (what === 'others' ? revokeOtherSessions() : revokeSession(what.id)),
    onSuccess: (_, what) => toast.success(what === 'others' ? 'Other Sessions Ended' : 'Session Ended'),
    onError: (failure) => toast.error(messageOf(failure)),
    onSettled: () => {
      setAsking(undefined);
      return client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const others = data?.some((session) => !session.current) ?? false;
  return (
    <Section
      title="Sessions"
      about="Where you are logged in"
      aside={
        others && (
          <Button variant="outline" onClick={() => setAsking('others')}>
            End All Others
          </Button>
        )
      }
    >
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-20 rounded-lg" />}
      <ul className="space-y-3">
        {data?.map((session) => (
          <SessionRow key={session.id} session={session} onEnd={() => setAsking(session)} />
        ))}
      </ul>
      {asking && (
        <ConfirmDialog
          title={asking === 'others' ? 'End all other sessions?' : 'End this session?'}
          action={asking === 'others' ? 'End Sessions' : 'End Session'}
          busy={end.isPending}
          onConfirm={() => end.mutate(asking)}
          onClose={() => setAsking(undefined)}
        >
          {asking === 'others'
            ? 'Wherever else you are logged in, you are logged out at once.'
            : `${deviceOf(asking.userAgent)} is logged out at once. Training jobs are not affected.`}
        </ConfirmDialog>
      )}
    </Section>
  );
}

function SessionRow({ session, onEnd }: { session: LiveSession; onEnd: () => void }) {
  const now = useNow(30_000);
  const device = deviceOf(session.userAgent);
  const seen = session.lastSeenAt ?? session.createdAt;
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium break-words" title={session.userAgent}>
          {device}
          {session.current && <Badge variant="green">This session</Badge>}
        </p>
        <p className="text-sm text-muted-foreground">
          {session.addressPrefix && `${session.addressPrefix} • `}since {dateTime(session.createdAt)} • seen{' '}
          {relativeTime(seen, now)}
        </p>
      </div>
      {!session.current && (
        <Button
          variant="outline"
          size="sm"
          onClick={onEnd}
          aria-label={`End session: ${device}, since ${dateTime(session.createdAt)}`}
        >
          End
        </Button>
      )}
    </li>
  );
}
