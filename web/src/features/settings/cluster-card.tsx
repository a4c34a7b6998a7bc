import { useQuery } from '@tanstack/react-query';
import { ServerOffIcon } from 'lucide-react';
import { catalogueQuery } from '@/api/jobs';
import { healthQuery } from '@/api/server';
import type { InstanceType } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Skeleton } from '@/components/ui/skeleton';
import { hourlyRate, memory } from '@/lib/format';

/** Whether the server can work, by what it says of itself. */
export function HealthCard() {
  const { data, error, refetch } = useQuery(healthQuery);
  const well = data?.status === 'ok';
  return (
    <Section
      title="Server"
      about="Whether its database and its storage answer"
      aside={data && !error && <Badge variant={well ? 'green' : 'destructive'}>{well ? 'Connected' : 'Unwell'}</Badge>}
    >
      {error && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-6 w-48" />}
      {data && !error && (
        <>
          <p className="text-sm text-muted-foreground">Version {data.version}</p>
          {(data.problems?.length ?? 0) > 0 && (
            <ul role="alert" className="mt-3 list-inside list-disc text-sm text-red-600">
              {data.problems?.map((problem) => (
                <li key={problem}>{problem}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </Section>
  );
}

/** The machines to train on: which the cluster has now, and what they cost. */
export function MachinesCard() {
  const { data, error, refetch } = useQuery(catalogueQuery);
  return (
    <Section title="GPU Availability" about="The instance types of this server, and what its cluster has now">
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div className="space-y-3">
          {[1, 2, 3].map((n) => (
            <Skeleton key={n} className="h-[70px] rounded-lg" />
          ))}
        </div>
      )}
      {data?.instanceTypes.length === 0 && (
        <EmptyState icon={ServerOffIcon} title="No instance types" className="py-6">
          An administrator of this server decides which machines it offers.
        </EmptyState>
      )}
      <ul className="space-y-3">
        {data?.instanceTypes.map((instance) => (
          <Machine key={instance.id} instance={instance} />
        ))}
      </ul>
    </Section>
  );
}

function Machine({ instance }: { instance: InstanceType }) {
  const parts = [
    hourlyRate(instance.ratePerHour),
    instance.spotRatePerHour !== undefined && `${hourlyRate(instance.spotRatePerHour)} spot`,
    instance.memoryBytes !== undefined && `${memory(instance.memoryBytes)} of memory`,
  ];
  return (
    <li className="flex items-center justify-between gap-3 rounded-lg border p-3">
      <div className="min-w-0">
        <p className="font-medium">{instance.displayName}</p>
        <p className="text-sm text-muted-foreground">{parts.filter(Boolean).join(' • ')}</p>
      </div>
      <Badge variant={instance.available ? 'default' : 'secondary'}>
        {instance.available ? 'Available' : 'Not available'}
      </Badge>
    </li>
  );
}
