import { useQuery } from '@tanstack/react-query';
import { costSummaryQuery } from '@/api/costs';
import { ErrorState } from '@/components/error-state';
import { Section } from '@/components/section';
import { Skeleton } from '@/components/ui/skeleton';
import { monthName, usd } from '@/lib/format';

/** What this month has cost up to now. */
export function UsageCard() {
  const { data, error, refetch } = useQuery(costSummaryQuery);
  const month = data?.currentMonth;
  const rows = month && [
    { label: 'Training costs', value: month.compute },
    { label: 'Storage costs', value: month.storage },
    { label: 'Data transfer', value: month.dataTransfer },
    { label: 'API costs', value: month.apiCalls },
    ...(month.held > 0 ? [{ label: 'Held for open jobs', value: month.held }] : []),
  ];
  return (
    <Section title="Current Usage" about={`Your usage for ${monthName(Date.now())}`}>
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-36" />}
      {month && (
        <dl className="space-y-3">
          {rows?.map(({ label, value }) => (
            <div key={label} className="flex justify-between gap-4">
              <dt className="text-muted-foreground">{label}</dt>
              <dd>{usd(value)}</dd>
            </div>
          ))}
          <div className="flex justify-between gap-4 border-t pt-3 font-medium">
            <dt>Total</dt>
            <dd className="text-2xl font-bold">{usd(month.spent)}</dd>
          </div>
        </dl>
      )}
    </Section>
  );
}
