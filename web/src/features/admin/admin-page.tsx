import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { ScrollTextIcon, ServerIcon, TicketIcon, UsersIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { meQuery } from '@/api/auth';
import { NotFound } from '@/components/not-found';
import { PageHeader } from '@/components/page-header';

const PARTS = [
  { to: '/admin/users', label: 'Users', icon: UsersIcon },
  { to: '/admin/invitations', label: 'Invitations', icon: TicketIcon },
  { to: '/admin/instances', label: 'Instances', icon: ServerIcon },
  { to: '/admin/audit', label: 'Audit Log', icon: ScrollTextIcon },
] as const;

/** What administrators do. For all others there is no such page. */
export function AdminPage() {
  const { data: me } = useQuery(meQuery);
  const path = useLocation({ select: (location) => location.pathname });
  const row = useRef<HTMLElement>(null);
  // The part that an address names may lie outside of a narrow screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change of the part that matters
  useEffect(() => {
    row.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [path]);
  if (me?.role !== 'admin') return <NotFound />;
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Administration" subtitle="Who uses this server, what it costs them, and who changed what" />
      {/* On a narrow screen the row scrolls, the page does not. */}
      <nav ref={row} aria-label="Administration" className="-mx-6 overflow-x-auto px-6 py-1">
        <ul className="inline-flex h-9 w-fit items-center rounded-xl bg-muted p-[3px]">
          {PARTS.map(({ to, label, icon: Icon }) => (
            <li key={to} className="h-full">
              <Link
                to={to}
                activeOptions={{ includeSearch: false }}
                className="inline-flex h-full items-center gap-1.5 rounded-xl px-3 text-sm font-medium whitespace-nowrap outline-none focus-visible:ring-[3px] focus-visible:ring-ring/50 aria-[current=page]:bg-card"
              >
                <Icon aria-hidden className="size-4" />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  );
}
