import type { AuditEntry } from '@/api/admin';
import { Button } from '@/components/ui/button';
import { dateTime } from '@/lib/format';
import { actionLabel } from './actions';
import { detailRows } from './details';

type Account = NonNullable<AuditEntry['actor']>;

/** An account by what is known of it: when it is gone, only its id is. */
export const nameOf = (account: Account): string => account.name ?? account.email ?? account.id;

export function AuditRow({ entry, onUser }: { entry: AuditEntry; onUser: (id: string) => void }) {
  const { actor, subject } = entry;
  // A session, a key or an invitation has no name; whose it was is in the details.
  const other = subject && subject.id !== actor?.id && subject.name !== undefined ? subject : undefined;
  const rows = [
    { label: 'By', account: actor },
    { label: 'Account', account: other },
  ];
  const facts = [
    ...(subject && !subject.name ? [{ label: 'Id', value: subject.id }] : []),
    ...detailRows(entry.details),
    ...(entry.via ? [{ label: 'By way of', value: entry.via }] : []),
    ...(entry.addressPrefix ? [{ label: 'From', value: entry.addressPrefix }] : []),
  ];
  return (
    <li>
      <details className="rounded-lg border p-3">
        <summary className="cursor-pointer text-sm">
          <span className="font-medium">{actionLabel(entry.action)}</span>
          <span className="text-muted-foreground">
            {' '}
            • {actor ? nameOf(actor) : 'nobody logged in'}
            {other && ` → ${nameOf(other)}`} • <time dateTime={entry.at}>{dateTime(entry.at)}</time>
          </span>
        </summary>
        <dl className="mt-3 grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[8rem_1fr]">
          {rows.map(
            ({ label, account }) =>
              account && (
                <div key={label} className="contents">
                  <dt className="text-muted-foreground">{label}</dt>
                  <dd className="break-all">
                    {nameOf(account)}
                    {account.email && account.email !== nameOf(account) && ` (${account.email})`}
                    <Button
                      variant="link"
                      className="ml-2 h-auto p-0 text-sm underline"
                      aria-label={`Only ${nameOf(account)}`}
                      onClick={() => onUser(account.id)}
                    >
                      only this
                    </Button>
                  </dd>
                </div>
              ),
          )}
          {facts.map(({ label, value }) => (
            <div key={label} className="contents">
              <dt className="text-muted-foreground">{label}</dt>
              <dd className="break-all">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}
