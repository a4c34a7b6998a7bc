import type { Job, MetricsPoint } from '@/api/types';
import { spread } from '@/features/monitor/chart/view';
import { decimal, integer, plural, UNKNOWN } from '@/lib/format';
import { dataKey, mergeCurves } from './curves';

/** Rows of the table at most. */
const ROWS = 50;

const loss = (value: number | undefined) => (value === undefined ? UNKNOWN : decimal(value, 4));

/** The curves for those who do not see them. */
export function CurvesTable({ jobs, runs }: { jobs: Job[]; runs: MetricsPoint[][] }) {
  const all = mergeCurves(runs);
  const rows = spread(all, ROWS);
  return (
    <details>
      <summary className="cursor-pointer text-sm font-medium">The curves as a table</summary>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        aria-label="Losses by step"
        className="relative mt-3 max-h-72 overflow-auto rounded-lg border"
      >
        <table className="w-full text-sm">
          <caption className="sr-only">
            Training and validation loss of each run, {plural(rows.length, 'step')} of {integer(all.length)}, evenly
            spread
          </caption>
          <thead className="bg-muted text-left text-muted-foreground">
            <tr>
              <th className="px-3 py-2 font-normal">Step</th>
              {jobs.map((job) => (
                <th key={job.id} className="min-w-40 px-3 py-2 font-normal">
                  {job.name} (training / validation)
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
                {jobs.map((job, run) => (
                  <td key={job.id} className="px-3 py-1.5 whitespace-nowrap">
                    {loss(point[dataKey('trainingLoss', run)])} / {loss(point[dataKey('validationLoss', run)])}
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
