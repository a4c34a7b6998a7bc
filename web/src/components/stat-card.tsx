import type { ReactNode } from 'react';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';

/** One figure with its name and a word about it. No value means that it is still loading. */
export function StatCard({ label, value, foot }: { label: string; value: string | undefined; foot: ReactNode }) {
  return (
    <Card className="min-h-41 justify-between gap-6 p-6">
      <dl>
        <dt className="text-muted-foreground">{label}</dt>
        <dd className="mt-1 text-3xl font-medium">{value ?? <Skeleton className="h-9 w-16" />}</dd>
      </dl>
      <p className="text-xs text-muted-foreground">{foot}</p>
    </Card>
  );
}
