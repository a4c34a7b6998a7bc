import { calendarDay, usd } from '@/lib/format';
import { KINDS } from './kinds';
import type { CostRow, Grouping } from './span';

const HEADS: Record<Grouping, string> = { day: 'Day', week: 'Week from', month: 'Month' };

/** The chart for those who do not see it. */
export function CostsTable({ rows, by }: { rows: CostRow[]; by: Grouping }) {
  return (
    <details>
      <summary className="cursor-pointer text-sm font-medium">The chart as a table</summary>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        aria-label={`Costs by ${by}`}
        className="relative mt-3 max-h-72 overflow-auto rounded-lg border"
      >
        <table className="w-full text-sm whitespace-nowrap">
          <caption className="sr-only">Times that cost something, oldest first</caption>
          <thead className="bg-muted text-left text-muted-foreground">
            <tr>
              <th className="px-3 py-2 font-normal">{HEADS[by]}</th>
              {KINDS.map(({ key, label }) => (
                <th key={key} className="px-3 py-2 text-right font-normal">
                  {label}
                </th>
              ))}
              <th className="px-3 py-2 text-right font-normal">Total</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.date} className="border-t">
                <th scope="row" className="px-3 py-1.5 text-left font-normal">
                  {calendarDay(row.date, by)}
                </th>
                {KINDS.map(({ key }) => (
                  <td key={key} className="px-3 py-1.5 text-right">
                    {usd(row[key])}
                  </td>
                ))}
                <td className="px-3 py-1.5 text-right font-medium">{usd(row.total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
