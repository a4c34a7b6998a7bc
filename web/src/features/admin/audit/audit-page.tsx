import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { ScrollTextIcon, XIcon } from 'lucide-react';
import { auditQuery } from '@/api/admin';
import { Choice } from '@/components/choice';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Skeleton } from '@/components/ui/skeleton';
import { plural } from '@/lib/format';
import { type AuditSearch, auditRequest } from '../search';
import { ACTIONS } from './actions';
import { AuditRow, nameOf } from './audit-row';

const FILTER = [{ value: 'all', label: 'All Acts' }, ...ACTIONS] as const;
const route = getRouteApi('/_app/admin/audit');

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<AuditSearch>) => void navigate({ search: (old) => ({ ...old, page: 1, ...patch }) });
  const { data, error, refetch } = useQuery(auditQuery(auditRequest(search)));
  const account = data?.entries
    .flatMap(({ actor, subject }) => [actor, subject])
    .find((seen) => seen !== undefined && seen.id === search.user);
  return (
    <Section
      title="Audit Log"
      about={
        data ? <span role="status">{plural(data.total, 'line')}, newest first</span> : 'Who did what, newest first'
      }
    >
      <div className="space-y-4">
        <div className="flex flex-col gap-3 sm:flex-row sm:items-center">
          <Choice
            aria-label="Act"
            className="sm:w-72"
            value={search.action}
            options={FILTER}
            onChange={(action) => change({ action })}
          />
          {search.user && (
            <Badge variant="secondary" className="max-w-full gap-2 py-1">
              <span className="truncate">Account: {account ? nameOf(account) : search.user}</span>
              <button type="button" aria-label="Show all accounts" onClick={() => change({ user: undefined })}>
                <XIcon aria-hidden className="size-3" />
              </button>
            </Badge>
          )}
        </div>
        {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
        {!data && !error && [1, 2, 3, 4, 5].map((n) => <Skeleton key={n} className="h-14 rounded-lg" />)}
        {data?.entries.length === 0 && (
          <EmptyState icon={ScrollTextIcon} title="No lines" className="py-6">
            Nothing of this kind has happened.
          </EmptyState>
        )}
        <ul aria-label="Lines" className="space-y-2">
          {data?.entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} onUser={(user) => change({ user })} />
          ))}
        </ul>
        {data && <Pager page={search.page} hasMore={data.hasMore} onPage={(page) => change({ page })} />}
      </div>
    </Section>
  );
}
