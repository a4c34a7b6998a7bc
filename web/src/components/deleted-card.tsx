import { ArchiveRestoreIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { dateTime, relativeTime, timeLeft } from '@/lib/format';
import { useNow } from '@/lib/use-now';

/** Something that was deleted, how long it can still be had back, and the way to have it. */
export function DeletedCard({
  name,
  facts,
  deletedAt,
  purgeAt,
  action,
  busy,
  onRestore,
}: {
  name: string;
  facts: string[];
  deletedAt: string | undefined;
  purgeAt: string | undefined;
  action: string;
  busy: boolean;
  onRestore: () => void;
}) {
  const now = useNow(60_000);
  return (
    <Card role="article" aria-label={name} className="h-full gap-4 p-6">
      <div>
        <h3 className="text-lg leading-7 font-semibold break-words">{name}</h3>
        <p className="text-sm text-muted-foreground">{facts.join(' • ')}</p>
      </div>
      <div className="rounded-md border border-amber-200 bg-amber-50 px-3 py-2 text-sm text-amber-800">
        {deletedAt && <p>Deleted {relativeTime(deletedAt, now)}</p>}
        {purgeAt && (
          <p>
            <strong>{timeLeft(purgeAt, now)} left</strong> to restore it, until{' '}
            <time dateTime={purgeAt}>{dateTime(purgeAt)}</time>
          </p>
        )}
      </div>
      <Button
        variant="outline"
        className="mt-auto"
        disabled={busy}
        aria-label={`${action}: ${name}`}
        onClick={onRestore}
      >
        <ArchiveRestoreIcon aria-hidden className="mr-2" />
        {action}
      </Button>
    </Card>
  );
}
