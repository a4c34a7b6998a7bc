import { expect, it } from 'vitest';
import type { Evaluation } from '@/api/types';
import { intervals, rows } from './evaluation';

const evaluation: Evaluation = {
  examples: 12,
  labelTokens: 400,
  conversations: 6,
  generatedExamples: 0,
  seconds: 2,
  timeLimitReached: false,
  adapter: { loss: 1.5, perplexity: 4.48, tokenAccuracy: 0.6 },
  base: { loss: 2, perplexity: 7.39 },
  improvement: { loss: 0.5 },
  lossInterval: { low: 0.3, high: 0.7, level: 0.95, resamples: 1000, unit: 'conversation' },
};

it('shows what was measured of either model and nothing else', () => {
  expect(rows(evaluation).map(({ label, adapter, base }) => [label, adapter, base])).toEqual([
    ['Loss', 1.5, 2],
    ['Perplexity', 4.48, 7.39],
    ['Token accuracy', 0.6, undefined],
  ]);
});

it('puts intervals into words', () => {
  expect(intervals(evaluation)).toEqual([
    '95 % interval of the improvement of the loss: 0.3000 to 0.7000, drawn by conversation.',
  ]);
});
