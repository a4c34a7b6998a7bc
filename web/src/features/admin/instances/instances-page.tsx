import { useQuery } from '@tanstack/react-query';
import { ServerOffIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { type AdminInstance, instancesQuery } from '@/api/admin';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { hourlyRate } from '@/lib/format';

const InstanceDialog = lazy(() => import('./instance-dialog'));

export function InstancesPage() {
  const [editing, setEditing] = useState<AdminInstance>();
  const { data, error, refetch } = useQuery(instancesQuery);
  return (
    <Section
      title="Instances and Rates"
      about="What can be chosen and what it costs, for estimates and jobs from now on; jobs that were started keep their rate"
    >
      <div className="space-y-4">
        {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
        {!data && !error && [1, 2, 3].map((n) => <Skeleton key={n} className="h-20 rounded-lg" />)}
        {data?.length === 0 && (
          <EmptyState icon={ServerOffIcon} title="No instance types" className="py-6">
            They are listed in the server's configuration.
          </EmptyState>
        )}
        <ul aria-label="Instance types" className="space-y-3">
          {data?.map((instance) => (
            <InstanceRow key={instance.id} instance={instance} onEdit={() => setEditing(instance)} />
          ))}
        </ul>
      </div>
      {editing && (
        <Suspense>
          <InstanceDialog instance={editing} onClose={() => setEditing(undefined)} />
        </Suspense>
      )}
    </Section>
  );
}

function InstanceRow({ instance, onEdit }: { instance: AdminInstance; onEdit: () => void }) {
  const rates = [
    rate(instance.ratePerHour, instance.configuredRatePerHour),
    instance.spotRatePerHour === undefined
      ? 'no spot'
      : `spot ${rate(instance.spotRatePerHour, instance.configuredSpotRatePerHour)}`,
  ];
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-words">{instance.displayName}</span>
          {instance.offered ? (
            <Badge variant={instance.available ? 'default' : 'secondary'}>
              {instance.available ? 'Available' : 'The cluster has none'}
            </Badge>
          ) : (
            <Badge variant="destructive">Not offered</Badge>
          )}
        </p>
        <p className="text-sm text-muted-foreground">
          <code className="font-mono">{instance.id}</code> • {rates.join(' • ')}
        </p>
      </div>
      <Button variant="outline" size="sm" onClick={onEdit} aria-label={`Edit ${instance.displayName}`}>
        Edit
      </Button>
    </li>
  );
}

function rate(now: number, configured: number | undefined): string {
  return configured === undefined || configured === now
    ? hourlyRate(now)
    : `${hourlyRate(now)} (configured: ${hourlyRate(configured)})`;
}
