import type { TokenView } from '@/api/examples';
import { integer, percent, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';
import { ORDER, PARTS } from './parts';

/** The legend with the tokens of this example and of all, and what else is worth knowing of all of them. */
export function Totals({ view }: { view: TokenView }) {
  const { tokens, totals } = view;
  const all = totals?.tokens;
  const sum = all && ORDER.reduce((total, part) => total + (all[part] ?? 0), 0);
  const share = (count: number) => (sum ? ` (${percent((100 * count) / sum)})` : '');
  return (
    <div className="space-y-4">
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        aria-label="Tokens"
        className="relative overflow-x-auto rounded-lg border"
      >
        <table className="w-full text-sm">
          <caption className="sr-only">What becomes of the tokens</caption>
          <thead className="bg-muted text-left text-muted-foreground">
            <tr>
              <th className="px-3 py-2 font-normal">Tokens</th>
              <th className="px-3 py-2 text-right font-normal">This example</th>
              <th className="px-3 py-2 text-right font-normal whitespace-nowrap">All examples</th>
            </tr>
          </thead>
          <tbody>
            {ORDER.map((part) => (
              <tr key={part} className="border-t">
                <th scope="row" className="px-3 py-1.5 text-left font-normal">
                  <span className={cn('font-mono text-xs', PARTS[part].look)}>{PARTS[part].label}</span>
                  <span className="block text-xs text-muted-foreground">{PARTS[part].about}</span>
                </th>
                <td className="px-3 py-1.5 text-right">{count(tokens[part])}</td>
                <td className="px-3 py-1.5 text-right whitespace-nowrap">
                  {all ? `${count(all[part])}${all[part] === undefined ? '' : share(all[part])}` : 'counting...'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {totals && <Facts totals={totals} />}
      <p className="text-xs text-muted-foreground">
        By the chat template and tokenizer of {view.baseModel}, at most {integer(view.maxSeqLength)} tokens an example.
      </p>
    </div>
  );
}

const count = (tokens: number | undefined) => (tokens === undefined ? UNKNOWN : integer(tokens));

function Facts({ totals }: { totals: NonNullable<TokenView['totals']> }) {
  const rows = [
    ['Examples with an answer', totals.examples],
    ['Held out for validation', totals.validationExamples],
    ['Longer than the sequence length', totals.overlong],
    ['That lose the end of an answer', totals.cutAnswers],
    ['Left out for their length', totals.dropped],
    ['Left out because nothing of them is trained on', totals.withoutLabel],
    ['Refused by the chat template', totals.refused],
    ['With an answer that no end-of-turn token follows', totals.openAnswers],
  ] as const;
  return (
    <dl className="grid grid-cols-1 gap-x-8 gap-y-1 text-sm sm:grid-cols-2">
      {rows.map(
        ([label, value]) =>
          value !== undefined && (
            <div key={label} className="flex justify-between gap-4 border-b py-1">
              <dt className="text-muted-foreground">{label}</dt>
              <dd className="font-medium">{integer(value)}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
