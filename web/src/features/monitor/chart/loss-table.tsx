import type { MetricsPoint } from '@/api/types';
import { decimal, integer, UNKNOWN } from '@/lib/format';
import { spread } from './view';

/** Rows of the table at most; the file has them all. */
const ROWS = 50;

const loss = (value: number | undefined) => (value === undefined ? UNKNOWN : decimal(value, 4));

/** The curve for those who do not see it. */
export function LossTable({ points }: { points: MetricsPoint[] }) {
  const rows = spread(points, ROWS);
  return (
    <details>
      <summary className="cursor-pointer text-sm font-medium">The curve as a table</summary>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        aria-label="Loss by step"
        className="mt-3 max-h-72 overflow-y-auto rounded-lg border"
      >
        <table className="w-full text-sm">
          <caption className="sr-only">
            {rows.length < points.length
              ? `${rows.length} of ${integer(points.length)} points, evenly spread`
              : 'Every point of the curve'}
          </caption>
          <thead className="bg-muted text-left text-muted-foreground">
            <tr>
              <th className="px-3 py-2 font-normal">Step</th>
              <th className="px-3 py-2 text-right font-normal">Training Loss</th>
              <th className="px-3 py-2 text-right font-normal">Validation Loss</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((point) => (
              <tr key={point.step} className="border-t">
                <th scope="row" className="px-3 py-1.5 text-left font-normal">
                  {integer(point.step)}
                </th>
                <td className="px-3 py-1.5 text-right">{loss(point.trainingLoss)}</td>
                <td className="px-3 py-1.5 text-right">{loss(point.validationLoss)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
