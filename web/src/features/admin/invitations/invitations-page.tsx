import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { PlusIcon, TicketIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { type Invitation, invitationsQuery, revokeInvitation } from '@/api/admin';
import { ConfirmDialog } from '@/components/confirm-dialog';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { Section } from '@/components/section';
import { Badge, type BadgeVariant } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { date, dateTime } from '@/lib/format';
import { toast } from '@/lib/toast';
import { roleLabel } from '../roles';

const InviteDialog = lazy(() => import('./invite-dialog'));
const route = getRouteApi('/_app/admin/invitations');

const who = (invitation: Invitation) => invitation.email ?? 'Anybody with the link';

export function InvitationsPage() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const [making, setMaking] = useState(false);
  const [asking, setAsking] = useState<Invitation>();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(invitationsQuery(page));
  const revoke = useMutation({
    mutationFn: (invitation: Invitation) => revokeInvitation(invitation.id),
    onSuccess: () => toast.success('Invitation Revoked'),
    onError: (failure) => toast.error(messageOf(failure)),
    onSettled: () => {
      setAsking(undefined);
      return client.invalidateQueries({ queryKey: ['admin'] });
    },
  });
  return (
    <Section
      title="Invitations"
      about="Each makes one account, whatever the server says about signing up"
      aside={
        <Button onClick={() => setMaking(true)}>
          <PlusIcon aria-hidden className="mr-2" />
          Invite Somebody
        </Button>
      }
    >
      <div className="space-y-4">
        {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
        {!data && !error && [1, 2, 3].map((n) => <Skeleton key={n} className="h-16 rounded-lg" />)}
        {data?.invitations.length === 0 && (
          <EmptyState icon={TicketIcon} title="No invitations" className="py-6">
            An invitation is a link with which somebody makes an account, in the role that you choose.
          </EmptyState>
        )}
        <ul aria-label="Invitations" className="space-y-3">
          {data?.invitations.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} onRevoke={() => setAsking(invitation)} />
          ))}
        </ul>
        {data && (
          <Pager page={page} hasMore={data.hasMore} onPage={(next) => void navigate({ search: { page: next } })} />
        )}
      </div>
      {making && (
        <Suspense>
          <InviteDialog onClose={() => setMaking(false)} />
        </Suspense>
      )}
      {asking && (
        <ConfirmDialog
          title="Revoke this invitation?"
          action="Revoke Invitation"
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate(asking)}
          onClose={() => setAsking(undefined)}
        >
          The link for “{who(asking)}” stops working at once. You can invite again at any time.
        </ConfirmDialog>
      )}
    </Section>
  );
}

const STATES: Record<Invitation['state'], { label: string; look: BadgeVariant }> = {
  pending: { label: 'Open', look: 'blue' },
  used: { label: 'Used', look: 'green' },
  revoked: { label: 'Revoked', look: 'secondary' },
  expired: { label: 'Expired', look: 'secondary' },
};

function InvitationRow({ invitation, onRevoke }: { invitation: Invitation; onRevoke: () => void }) {
  const { label, look } = STATES[invitation.state];
  const end = {
    pending: `good until ${dateTime(invitation.expiresAt)}`,
    used: invitation.usedAt && `used ${dateTime(invitation.usedAt)}`,
    revoked: undefined,
    expired: `ended ${dateTime(invitation.expiresAt)}`,
  }[invitation.state];
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-all">{who(invitation)}</span>
          <Badge variant={look}>{label}</Badge>
          <Badge variant="outline">{roleLabel(invitation.role)}</Badge>
        </p>
        <p className="text-sm text-muted-foreground">
          {[`made ${date(invitation.createdAt)}`, end].filter(Boolean).join(' • ')}
        </p>
      </div>
      {invitation.state === 'pending' && (
        <Button variant="outline" size="sm" onClick={onRevoke} aria-label={`Revoke ${who(invitation)}`}>
          Revoke
        </Button>
      )}
    </li>
  );
}
