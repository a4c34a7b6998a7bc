import { expect, it } from 'vitest';
import { metricRows, trend } from './trend';

it('a falling loss is good, a falling throughput is not', () => {
  expect(trend('trainingLoss', 0.9, 1)).toEqual({ direction: 'down', good: true, text: '10.0%' });
  expect(trend('throughput', 90, 100)).toMatchObject({ direction: 'down', good: false });
  expect(trend('throughput', 110, 100)).toMatchObject({ direction: 'up', good: true });
  expect(trend('learningRate', 1e-5, 2e-5)).toEqual({ direction: 'down', text: '50.0%' });
});

it('less than a percent is no change, and without a figure before there is no trend', () => {
  expect(trend('trainingLoss', 1.002, 1)).toMatchObject({ direction: 'flat', text: '~0%' });
  expect(trend('trainingLoss', 1, undefined)).toBeUndefined();
});

it('lists only what was measured', () => {
  const rows = metricRows(
    { learningRate: 1.82e-4, trainingLoss: 0.342, memoryBytes: 1024 ** 3 },
    undefined,
    4 * 1024 ** 3,
  );
  expect(rows.map(({ label, value, note }) => [label, value, note])).toEqual([
    ['Training Loss', '0.3420', undefined],
    ['Learning Rate', '0.000182', undefined],
    ['GPU Memory', '1 GB / 4 GB', '(25%)'],
  ]);
});
