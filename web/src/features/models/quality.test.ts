import { expect, it } from 'vitest';
import { improvement, lossBand, perplexityBand, rating } from './quality';

it('bands have their upper bound outside', () => {
  expect([0.299, 0.3, 0.4, 0.5].map((loss) => lossBand(loss).label)).toEqual(['Excellent', 'Good', 'Fair', 'Poor']);
  expect([1.29, 1.3, 1.6, 2].map((ppl) => perplexityBand(ppl).label)).toEqual(['Excellent', 'Good', 'Fair', 'Poor']);
});

it('stars need both figures below their bounds', () => {
  const stars = (finalValidationLoss: number, perplexity: number) => rating({ finalValidationLoss, perplexity })?.stars;
  expect(stars(0.289, 1.21)).toBe(5);
  expect(stars(0.289, 1.31)).toBe(4);
  expect(stars(0.312, 1.28)).toBe(4);
  expect(stars(0.487, 1.62)).toBe(2);
  expect(stars(2.1, 8.2)).toBe(1);
});

it('what was not measured is not rated', () => {
  expect(rating({ finalTrainingLoss: 0.1 })).toBeUndefined();
  expect(improvement({})).toBeUndefined();
});

it('the held-out loss tells the improvement, where there is one', () => {
  const both = { initialValidationLoss: 1.24, finalValidationLoss: 0.31, initialTrainingLoss: 2, finalTrainingLoss: 1 };
  expect(improvement(both)).toMatchObject({ from: 1.24, to: 0.31, percent: 75 });
  expect(improvement({ initialTrainingLoss: 2, finalTrainingLoss: 3 })?.percent).toBe(-50);
});
