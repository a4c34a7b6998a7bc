import { ArrowDownIcon, ArrowUpIcon, MinusIcon } from 'lucide-react';
import { isLive } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { Card } from '@/components/ui/card';
import { cn } from '@/lib/utils';
import { metricRows, type Trend } from '../trend';

export function MetricsCard({ job }: { job: JobDetail }) {
  const rows = metricRows(job.currentMetrics, job.previousMetrics, job.memoryTotalBytes);
  return (
    <Card className="gap-8 p-6">
      <h2 className="text-lg font-semibold">Current Metrics</h2>
      {rows.length === 0 ? (
        <p className="text-sm text-muted-foreground">
          {isLive(job.status) ? 'Figures appear with the first step.' : 'No figures were recorded.'}
        </p>
      ) : (
        <table className="w-full text-sm">
          <thead>
            <tr className="border-b text-left text-muted-foreground">
              <th className="py-2 font-normal">Metric</th>
              <th className="py-2 text-right font-normal">Value</th>
              <th className="py-2 pl-4 text-right font-normal sm:w-32">Trend</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, label, value, note, trend }) => (
              <tr key={key} className="border-b last:border-b-0">
                <th scope="row" className="py-3 text-left font-normal text-muted-foreground">
                  {label}
                </th>
                <td className="py-3 text-right">
                  <span className="text-base font-semibold">{value}</span>{' '}
                  {note && <span className="text-muted-foreground">{note}</span>}
                </td>
                <td className="py-3 pl-4 text-right">{trend && <TrendMark trend={trend} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="rounded-lg bg-muted/50 p-3 text-xs text-muted-foreground">
        Figures are those of the latest step. Trends compare with the step before.
      </p>
    </Card>
  );
}

function TrendMark({ trend }: { trend: Trend }) {
  const Icon = { up: ArrowUpIcon, down: ArrowDownIcon, flat: MinusIcon }[trend.direction];
  const colour = trend.good === undefined ? 'text-muted-foreground' : trend.good ? 'text-green-700' : 'text-red-600';
  return (
    <span className={cn('inline-flex items-center gap-1', colour)}>
      <Icon aria-label={trend.direction} className="size-4" />
      {trend.text}
    </span>
  );
}
