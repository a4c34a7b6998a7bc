import type { Job } from '@/api/types';
import { cn } from '@/lib/utils';
import { colourOf } from './colours';

interface RunRow {
  label: string;
  values: string[];
  /** Place of the run that is best in this. */
  best?: number | undefined;
}

/** A table with a column for each run. */
export function RunTable({ jobs, rows, label }: { jobs: Job[]; rows: RunRow[]; label: string }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      className="relative overflow-x-auto rounded-lg border"
    >
      <table className="w-full text-sm">
        <thead className="bg-muted text-left">
          <tr>
            <td className="px-3 py-2" />
            {jobs.map((job, run) => (
              <th key={job.id} scope="col" className="min-w-32 px-3 py-2 font-medium">
                <span
                  aria-hidden
                  className="mr-2 inline-block size-2.5 rounded-full"
                  style={{ background: colourOf(run) }}
                />
                {job.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label} className="border-t">
              <th scope="row" className="min-w-32 px-3 py-2 text-left font-normal text-muted-foreground">
                {row.label}
              </th>
              {jobs.map((job, run) => (
                <td key={job.id} className={cn('px-3 py-2 break-words', row.best === run && 'font-semibold')}>
                  {row.values[run]}
                  {row.best === run && <span className="ml-2 text-xs font-normal text-green-700">best</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
