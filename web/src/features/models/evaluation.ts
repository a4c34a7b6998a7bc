import type { Evaluation } from '@/api/types';
import { decimal } from '@/lib/format';

type Scores = Evaluation['adapter'];

export interface EvaluationRow {
  label: string;
  help: string;
  digits: number;
  adapter: number | undefined;
  base: number | undefined;
}

const FIGURES: { key: keyof Scores; label: string; help: string; digits: number }[] = [
  {
    key: 'loss',
    label: 'Loss',
    help: 'The mean loss, in nats a token, of the data set’s own answers. Lower is better.',
    digits: 4,
  },
  { key: 'perplexity', label: 'Perplexity', help: 'e to the power of the loss. Lower is better.', digits: 2 },
  {
    key: 'tokenAccuracy',
    label: 'Token accuracy',
    help: 'The share of the answers’ tokens that the model would have chosen itself, 0 to 1.',
    digits: 3,
  },
  {
    key: 'bleu',
    label: 'BLEU',
    help: 'How many runs of words the model’s own answers share with the data set’s, 0 to 100, as sacreBLEU counts.',
    digits: 1,
  },
  {
    key: 'semanticSimilarity',
    label: 'Semantic similarity',
    help: 'How alike the model’s own answers and the data set’s are to the base model, 0 to 1.',
    digits: 3,
  },
  {
    key: 'coherence',
    label: 'Coherence',
    help: 'How alike neighbouring sentences of an answer are, 0 to 1. Repeated sentences do not count.',
    digits: 3,
  },
  {
    key: 'fluency',
    label: 'Fluency',
    help: 'How likely the answers are as text, beside the data set’s own, less what they repeat, 0 to 1.',
    digits: 3,
  },
];

/** The figures that were measured of either model. */
export function rows({ adapter, base }: Evaluation): EvaluationRow[] {
  return FIGURES.map(({ key, ...figure }) => ({ ...figure, adapter: adapter[key], base: base[key] })).filter(
    (row) => row.adapter !== undefined || row.base !== undefined,
  );
}

/** What the intervals say, in words. */
export function intervals({ lossInterval, bleuInterval }: Evaluation): string[] {
  const found = [
    ['loss', lossInterval, 4],
    ['BLEU', bleuInterval, 1],
  ] as const;
  return found.flatMap(([name, interval, digits]) =>
    interval
      ? [
          `${Math.round(100 * interval.level)} % interval of the improvement of the ${name}: ${decimal(interval.low, digits)} to ${decimal(interval.high, digits)}, drawn by ${interval.unit}.`,
        ]
      : [],
  );
}
