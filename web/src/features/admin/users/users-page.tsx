import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { UsersIcon } from 'lucide-react';
import { lazy, Suspense, useCallback, useState } from 'react';
import { type AdminUser, usersQuery } from '@/api/admin';
import { Choice } from '@/components/choice';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Pager } from '@/components/pager';
import { SearchBox } from '@/components/search-box';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { plural } from '@/lib/format';
import { ROLES, TIERS } from '../roles';
import { ACCESS, USERS, type UsersSearch, usersRequest } from '../search';
import { UserRow } from './user-row';

const UserDialog = lazy(() => import('./user-dialog'));
const ResetLinkDialog = lazy(() => import('./reset-link-dialog'));
const route = getRouteApi('/_app/admin/users');

export function UsersPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [asked, setAsked] = useState<{ what: 'edit' | 'reset'; user: AdminUser }>();
  const change = useCallback(
    (patch: Partial<UsersSearch>) =>
      void navigate({ search: (old) => ({ ...old, page: 1, ...patch }), replace: !('page' in patch) }),
    [navigate],
  );
  const { data, error, refetch } = useQuery(usersQuery(usersRequest(search)));
  const close = () => setAsked(undefined);
  return (
    <Section
      title="Users"
      about={data ? <span role="status">{plural(data.total, 'account')}</span> : 'Everybody who has an account here'}
    >
      <div className="space-y-4">
        <Filters search={search} onChange={change} />
        {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
        {!data && !error && [1, 2, 3].map((n) => <Skeleton key={n} className="h-20 rounded-lg" />)}
        {data?.users.length === 0 && (
          <EmptyState
            icon={UsersIcon}
            title="No accounts found"
            className="py-6"
            action={
              <Button variant="outline" onClick={() => change(USERS)}>
                Clear Filters
              </Button>
            }
          >
            Nobody matches these filters.
          </EmptyState>
        )}
        <ul aria-label="Users" className="space-y-3">
          {data?.users.map((user) => (
            <UserRow
              key={user.id}
              user={user}
              onEdit={() => setAsked({ what: 'edit', user })}
              onReset={() => setAsked({ what: 'reset', user })}
            />
          ))}
        </ul>
        {data && <Pager page={search.page} hasMore={data.hasMore} onPage={(page) => change({ page })} />}
      </div>
      <Suspense>
        {asked?.what === 'edit' && <UserDialog user={asked.user} onClose={close} />}
        {asked?.what === 'reset' && <ResetLinkDialog user={asked.user} onClose={close} />}
      </Suspense>
    </Section>
  );
}

const ROLE_FILTER = [{ value: 'all', label: 'All Roles' }, ...ROLES] as const;
const TIER_FILTER = [{ value: 'all', label: 'All Tiers' }, ...TIERS] as const;

function Filters({ search, onChange }: { search: UsersSearch; onChange: (patch: Partial<UsersSearch>) => void }) {
  const find = useCallback((text: string) => onChange({ search: text }), [onChange]);
  return (
    <div className="flex flex-col gap-3 md:flex-row">
      <SearchBox
        label="Search users"
        placeholder="Search by name, e-mail address or organization..."
        value={search.search}
        onChange={find}
      />
      <Choice
        aria-label="Role"
        className="md:w-48"
        value={search.role}
        options={ROLE_FILTER}
        onChange={(role) => onChange({ role })}
      />
      <Choice
        aria-label="Tier"
        className="md:w-36"
        value={search.tier}
        options={TIER_FILTER}
        onChange={(tier) => onChange({ tier })}
      />
      <Choice
        aria-label="Access"
        className="md:w-36"
        value={search.access}
        options={ACCESS}
        onChange={(access) => onChange({ access })}
      />
    </div>
  );
}
