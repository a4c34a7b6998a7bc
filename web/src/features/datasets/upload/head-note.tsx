import { CircleCheckBigIcon, TriangleAlertIcon } from 'lucide-react';
import type { components } from '@/api/schema';
import { integer, plural } from '@/lib/format';

type HeadReport = components['schemas']['HeadReport'];

/** What a first look at the file says, before it is uploaded. */
export function HeadNote({ report }: { report: HeadReport }) {
  const [problem] = report.errors;
  if (problem) {
    const line = problem.line === undefined ? '' : `Line ${integer(problem.line)}: `;
    return (
      <p
        role="status"
        className="flex gap-2 rounded-md border border-yellow-200 bg-yellow-50 p-3 text-sm text-yellow-800"
      >
        <TriangleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span className="min-w-0 break-words">
          {line}
          {problem.message} {problem.fix}
        </span>
      </p>
    );
  }
  return (
    <p role="status" className="flex gap-2 rounded-md border border-green-200 bg-green-50 p-3 text-sm text-green-700">
      <CircleCheckBigIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
      {report.detectedFormat ? `Looks like ${report.detectedFormat}, ` : 'The beginning can be read, '}
      about {plural(report.statistics.estimatedPairs, 'pair')} in its first 100 KB.
    </p>
  );
}
