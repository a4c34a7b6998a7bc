import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ActivityIcon, BanIcon, CircleXIcon, DatabaseIcon, RocketIcon } from 'lucide-react';
import { activityQuery } from '@/api/activity';
import type { ActivityEntry } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { relativeTime } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import { cn } from '@/lib/utils';

const LOOKS = {
  training_started: { icon: RocketIcon, colour: 'text-blue-600' },
  training_completed: { icon: ActivityIcon, colour: 'text-green-600' },
  training_failed: { icon: CircleXIcon, colour: 'text-red-600' },
  training_cancelled: { icon: BanIcon, colour: 'text-muted-foreground' },
  dataset_uploaded: { icon: DatabaseIcon, colour: 'text-orange-600' },
} as const;

export function ActivityCard() {
  const { data, error, refetch } = useQuery(activityQuery);
  const now = useNow(30_000);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Recent Activity</CardTitle>
        <CardDescription>Latest updates from your pipeline</CardDescription>
      </CardHeader>
      <CardContent>
        {!data && error && <ErrorState error={error} onRetry={() => void refetch()} className="py-6" />}
        {!data && !error && <Skeleton className="h-28" />}
        {data?.length === 0 && (
          <div className="flex flex-col items-center gap-3 py-6 text-muted-foreground">
            <ActivityIcon aria-hidden className="size-12 opacity-50" />
            <p>Nothing has happened yet</p>
          </div>
        )}
        <ul className="space-y-4">
          {data?.map((entry) => (
            <Entry key={`${entry.type}-${entry.subjectId}-${entry.at}`} entry={entry} now={now} />
          ))}
        </ul>
      </CardContent>
    </Card>
  );
}

function Entry({ entry, now }: { entry: ActivityEntry; now: number }) {
  const { icon: Icon, colour } = LOOKS[entry.type];
  return (
    <li className="flex gap-3">
      <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', colour)} />
      <div className="min-w-0">
        <p className="text-sm break-words">
          <Link to={entry.actionUrl} className="hover:underline">
            {entry.message}
          </Link>
        </p>
        <p className="mt-1 text-xs text-muted-foreground">
          {relativeTime(entry.at, now)} • {entry.userName}
        </p>
      </div>
    </li>
  );
}
