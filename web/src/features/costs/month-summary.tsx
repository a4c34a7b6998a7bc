import { useQuery } from '@tanstack/react-query';
import { costSummaryQuery } from '@/api/costs';
import { ErrorState } from '@/components/error-state';
import { StatCard } from '@/components/stat-card';
import { Progress } from '@/components/ui/progress';
import { percent, plural, usd } from '@/lib/format';

/** This month: spent, against the budget, what it will come to, and how that compares. */
export function MonthSummary() {
  const { data, error, refetch } = useQuery(costSummaryQuery);
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  const month = data?.currentMonth;
  const trend = month?.trendPercent;
  const over = month?.budget !== undefined && month.projectedTotal > month.budget;
  return (
    <section aria-labelledby="month" className="space-y-4">
      <h2 id="month">Your Month</h2>
      <div className="grid grid-cols-1 gap-6 sm:grid-cols-2 xl:grid-cols-4">
        <StatCard label="Spent" value={month && usd(month.spent)} foot="So far this month (UTC)" />
        <StatCard
          label="Budget"
          value={month && (month.budget === undefined ? 'No limit' : usd(month.budget))}
          foot={month && <BudgetFoot month={month} />}
        />
        <StatCard
          label="Projection"
          value={month && usd(month.projectedTotal)}
          foot={
            month && (
              <span className={over ? 'text-red-700' : undefined}>
                {over && 'Above the budget; '}
                {plural(month.daysRemaining, 'day')} left, {usd(month.committed)} of it for open jobs
              </span>
            )
          }
        />
        <StatCard
          label="Trend"
          value={month && (trend === undefined ? 'New' : `${trend > 0 ? '+' : ''}${percent(trend, 1)}`)}
          foot={
            month &&
            (trend === undefined
              ? 'Nothing was spent up to this time of last month'
              : `${usd(month.previousMonthToDate)} up to this time of last month, ${usd(month.previousMonth)} in all of it`)
          }
        />
      </div>
      {data?.alerts.map((alert) => (
        <p
          key={`${alert.type}-${alert.threshold}`}
          className="rounded-md border border-yellow-200 bg-yellow-50 p-3 text-sm text-yellow-800"
        >
          {alert.message}
        </p>
      ))}
    </section>
  );
}

function BudgetFoot({ month }: { month: { budget?: number; remaining?: number; spent: number; held: number } }) {
  if (month.budget === undefined) return `${usd(month.held)} held for open jobs`;
  const share = month.budget > 0 ? Math.min(100, (100 * month.spent) / month.budget) : 100;
  return (
    <span className="block space-y-2">
      <Progress aria-label="Spent of the budget" value={share} className="h-1.5" />
      <span className="block">
        {usd(month.remaining ?? 0)} left, {usd(month.held)} of it held for open jobs
      </span>
    </span>
  );
}
