import { useQuery } from '@tanstack/react-query';
import { costsQuery } from '@/api/costs';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { usd } from '@/lib/format';
import { type CostsSearch, queryOf } from './search';
import { today } from './span';

/** Who spent what in the chart's time, for those who see everybody's costs. */
export function AccountCosts({
  search,
  onChange,
}: {
  search: CostsSearch;
  onChange: (patch: Partial<CostsSearch>) => void;
}) {
  const { data, error, refetch } = useQuery(costsQuery(queryOf(search, today())));
  const accounts = data?.accounts;
  return (
    <Card className="gap-6 p-6">
      <div>
        <h2 className="text-lg font-semibold">Costs by Account</h2>
        <p className="text-sm text-muted-foreground">Of the time that the chart shows, the dearest first</p>
      </div>
      {error && !data && <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-40" />}
      {accounts?.length === 0 && <p className="text-sm text-muted-foreground">Nobody has spent anything then.</p>}
      {accounts && accounts.length > 0 && (
        <table className="w-full text-sm">
          <thead>
            <tr className="border-b text-left text-muted-foreground">
              <th className="py-2 font-normal">Account</th>
              <th className="py-2 text-right font-normal">Cost</th>
              <th className="py-2">
                <span className="sr-only">Chart</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((account) => (
              <tr key={account.userId} className="border-b last:border-b-0">
                <th scope="row" className="py-2 text-left font-normal">
                  <span className="block break-words">{account.name}</span>
                  <span className="block text-xs break-all text-muted-foreground">{account.email}</span>
                </th>
                <td className="py-2 text-right font-medium">{usd(account.total)}</td>
                <td className="py-2 pl-3 text-right">
                  <Button
                    variant="ghost"
                    size="sm"
                    aria-label={`Chart of ${account.name}`}
                    onClick={() => onChange({ user: account.userId })}
                  >
                    Chart
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
