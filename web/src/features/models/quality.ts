import type { QualityMetrics } from '@/api/types';

export interface Band {
  label: 'Excellent' | 'Good' | 'Fair' | 'Poor';
  /** Border and text of the badge. */
  look: string;
}

const EXCELLENT: Band = { label: 'Excellent', look: 'border-green-500 text-green-700' };
const GOOD: Band = { label: 'Good', look: 'border-blue-500 text-blue-700' };
const FAIR: Band = { label: 'Fair', look: 'border-yellow-500 text-yellow-700' };
const POOR: Band = { label: 'Poor', look: 'border-red-500 text-red-700' };

function band(value: number, [excellent, good, fair]: [number, number, number]): Band {
  if (value < excellent) return EXCELLENT;
  if (value < good) return GOOD;
  return value < fair ? FAIR : POOR;
}

export const lossBand = (loss: number) => band(loss, [0.3, 0.4, 0.5]);
export const perplexityBand = (perplexity: number) => band(perplexity, [1.3, 1.6, 2]);

export interface Rating {
  stars: 1 | 2 | 3 | 4 | 5;
  label: string;
  description: string;
  colour: string;
}

/** Stars, the bounds of validation loss and perplexity below which they are given, and what they mean. */
const RATINGS: (Rating & { loss: number; perplexity: number })[] = [
  {
    stars: 5,
    loss: 0.3,
    perplexity: 1.3,
    label: 'Excellent',
    description: 'Very close to the dataset’s own answers',
    colour: 'text-green-700',
  },
  {
    stars: 4,
    loss: 0.35,
    perplexity: 1.5,
    label: 'Good',
    description: 'Close to the dataset’s answers, fit for most uses',
    colour: 'text-blue-600',
  },
  {
    stars: 3,
    loss: 0.45,
    perplexity: 1.8,
    label: 'Fair',
    description: 'Learnt the dataset in part; try before use',
    colour: 'text-yellow-700',
  },
  {
    stars: 2,
    loss: 0.6,
    perplexity: 2.5,
    label: 'Poor',
    description: 'More data or more epochs would probably help',
    colour: 'text-orange-700',
  },
  {
    stars: 1,
    loss: Number.POSITIVE_INFINITY,
    perplexity: Number.POSITIVE_INFINITY,
    label: 'Very Poor',
    description: 'Far from the dataset’s answers: a small base model, little data, or a short training',
    colour: 'text-red-600',
  },
];

/** The rating, where both figures were measured. */
export function rating({ finalValidationLoss: loss, perplexity }: QualityMetrics): Rating | undefined {
  if (loss === undefined || perplexity === undefined) return undefined;
  return RATINGS.find((level) => loss < level.loss && perplexity < level.perplexity);
}

/** How the loss changed: that on the held-out examples where measured, else that on the training examples. */
export function improvement(metrics: QualityMetrics): { from: number; to: number; percent: number } | undefined {
  const pairs = [
    [metrics.initialValidationLoss, metrics.finalValidationLoss],
    [metrics.initialTrainingLoss, metrics.finalTrainingLoss],
  ];
  for (const [from, to] of pairs) {
    if (from !== undefined && to !== undefined && from > 0) return { from, to, percent: (100 * (from - to)) / from };
  }
  return undefined;
}
