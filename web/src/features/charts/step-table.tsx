import { spread } from '@/features/monitor/chart/view';
import { decimal, integer, plural, UNKNOWN } from '@/lib/format';

/** Rows of the table at most; the file has them all. */
const ROWS = 50;

/** A loss as the tables show it. */
export const loss = (value: number | undefined) => (value === undefined ? UNKNOWN : decimal(value, 4));

/** Curves over steps for those who do not see them. */
export function StepTable<T extends { step: number }>({
  title,
  label,
  points,
  columns,
}: {
  title: string;
  label: string;
  points: T[];
  columns: { key: string; head: string; cell: (point: T) => string }[];
}) {
  const rows = spread(points, ROWS);
  return (
    <details>
      <summary className="cursor-pointer text-sm font-medium">{title}</summary>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        aria-label={label}
        className="relative mt-3 max-h-72 overflow-auto rounded-lg border"
      >
        <table className="w-full text-sm">
          <caption className="sr-only">
            {rows.length < points.length
              ? `${plural(rows.length, 'step')} of ${integer(points.length)}, evenly spread`
              : 'Every step'}
          </caption>
          <thead className="bg-muted text-left text-muted-foreground">
            <tr>
              <th className="px-3 py-2 font-normal">Step</th>
              {columns.map(({ key, head }) => (
                <th key={key} className="min-w-36 px-3 py-2 text-right font-normal">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((point) => (
              <tr key={point.step} className="border-t">
                <th scope="row" className="px-3 py-1.5 text-left font-normal">
                  {integer(point.step)}
                </th>
                {columns.map(({ key, cell }) => (
                  <td key={key} className="px-3 py-1.5 text-right whitespace-nowrap">
                    {cell(point)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
