import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { DollarSignIcon, EllipsisIcon, KeyRoundIcon, ScrollTextIcon } from 'lucide-react';
import type { AdminUser } from '@/api/admin';
import { meQuery } from '@/api/auth';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from '@/components/ui/dropdown-menu';
import { date, relativeTime, usd } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { roleLabel, tierLabel } from '../roles';

export function UserRow({ user, onEdit, onReset }: { user: AdminUser; onEdit: () => void; onReset: () => void }) {
  const { data: me } = useQuery(meQuery);
  const now = useNow(30_000);
  const facts = [
    user.organization,
    `since ${date(user.createdAt)}`,
    user.lastSeenAt ? `seen ${relativeTime(user.lastSeenAt, now)}` : 'not seen lately',
    user.monthlyBudget === undefined ? "the tier's budget" : `${usd(user.monthlyBudget)} a month`,
    user.deletionScheduledFor && `goes on ${date(user.deletionScheduledFor)}`,
  ];
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0 space-y-1">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-words">{user.name}</span>
          <Badge variant={user.role === 'user' ? 'outline' : 'default'}>{roleLabel(user.role)}</Badge>
          <Badge variant="outline">{tierLabel(user.subscriptionTier)}</Badge>
          {user.disabled && <Badge variant="destructive">Disabled</Badge>}
          {user.id === me?.id && <Badge variant="secondary">You</Badge>}
        </p>
        <p className="text-sm break-all">
          {user.email}
          {!user.emailVerified && <span className="text-muted-foreground"> (not confirmed)</span>}
        </p>
        <p className="text-sm text-muted-foreground">{facts.filter(Boolean).join(' • ')}</p>
      </div>
      <div className="flex gap-2">
        <Button variant="outline" size="sm" onClick={onEdit} aria-label={`Edit ${user.name}`}>
          Edit
        </Button>
        <DropdownMenu>
          <DropdownMenuTrigger asChild>
            <Button variant="ghost" size="sm" aria-label={`More about ${user.name}`}>
              <EllipsisIcon aria-hidden />
            </Button>
          </DropdownMenuTrigger>
          <DropdownMenuContent className="w-56">
            <DropdownMenuItem onSelect={onReset}>
              <KeyRoundIcon aria-hidden />
              Password Reset Link
            </DropdownMenuItem>
            <DropdownMenuItem asChild>
              <Link to="/costs" search={{ user: user.id }}>
                <DollarSignIcon aria-hidden />
                Costs
              </Link>
            </DropdownMenuItem>
            <DropdownMenuItem asChild>
              <Link to="/admin/audit" search={{ user: user.id }}>
                <ScrollTextIcon aria-hidden />
                Audit Log
              </Link>
            </DropdownMenuItem>
          </DropdownMenuContent>
        </DropdownMenu>
      </div>
    </li>
  );
}
