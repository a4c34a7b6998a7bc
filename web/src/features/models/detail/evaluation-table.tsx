import type { Evaluation } from '@/api/types';
import { Help } from '@/components/help';
import { decimal, integer, UNKNOWN } from '@/lib/format';
import { intervals, rows } from '../evaluation';

/** Adapter and base model side by side, as far as they were measured. */
export function EvaluationTable({ evaluation }: { evaluation: Evaluation }) {
  const measured = rows(evaluation);
  if (measured.length === 0) return null;
  const { examples, conversations, generatedExamples } = evaluation;
  return (
    <section aria-label="Evaluation" className="space-y-2 rounded-lg border p-4">
      <h3 className="text-sm font-medium">Compared with the base model</h3>
      <p className="text-xs text-muted-foreground">
        On {integer(examples)} held-out examples of {integer(conversations)} conversations
        {generatedExamples > 0 && `; both models answered ${integer(generatedExamples)} of them`}
        {evaluation.timeLimitReached && '; the time for more ran out'}.
      </p>
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="border-b text-left text-muted-foreground">
              <th scope="col" className="py-1 font-normal">
                Figure
              </th>
              <th scope="col" className="py-1 text-right font-normal">
                Adapter
              </th>
              <th scope="col" className="py-1 text-right font-normal">
                Base model
              </th>
            </tr>
          </thead>
          <tbody>
            {measured.map(({ label, help, digits, adapter, base }) => (
              <tr key={label} className="border-b last:border-0">
                <th scope="row" className="py-1 text-left font-normal">
                  <span className="flex items-center gap-1.5">
                    {label}
                    <Help about={label}>{help}</Help>
                  </span>
                </th>
                <td className="py-1 text-right font-medium">
                  {adapter === undefined ? UNKNOWN : decimal(adapter, digits)}
                </td>
                <td className="py-1 text-right">{base === undefined ? UNKNOWN : decimal(base, digits)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {intervals(evaluation).map((text) => (
        <p key={text} className="text-xs text-muted-foreground">
          {text}
        </p>
      ))}
    </section>
  );
}
