import { describe, expect, it } from 'vitest';
import type { MetricsPoint } from '@/api/types';
import { parseMonitorSearch } from '../search';
import { extent, plotPoints, smoothed, spread, toCsv } from './view';

const point = (step: number, trainingLoss?: number, validationLoss?: number): MetricsPoint => ({
  step,
  epoch: 1,
  learningRate: 2e-4,
  timestamp: '2026-11-23T12:00:00Z',
  ...(trainingLoss !== undefined && { trainingLoss }),
  ...(validationLoss !== undefined && { validationLoss }),
});
const points = [point(0, undefined, 5), point(1, 4), point(2, 2), point(3, 3, 1)];

describe('the curve', () => {
  it('keeps a constant as it is, from its first step on', () => {
    expect(smoothed([point(1, 2), point(2, 2), point(3, 2)], 0.9)).toEqual([2, 2, 2].map((v) => expect.closeTo(v, 10)));
  });

  it('is smoothed before it is cut to the steps that are shown', () => {
    const all = plotPoints(points, { smooth: 0.5 });
    const cut = plotPoints(points, { smooth: 0.5, from: 2, to: 3 });
    expect(cut.map(({ step }) => step)).toEqual([2, 3]);
    expect(cut[0]?.smoothed).toBe(all[2]?.smoothed);
    // (0.5 * 4 * 0.5 + 0.5 * 2) / 0.75
    expect(cut[0]?.smoothed).toBeCloseTo(8 / 3, 10);
  });

  it('leaves out what a logarithm cannot show', () => {
    expect(plotPoints([point(1, 0), point(2, 1)], { log: true }).map((p) => p.trainingLoss)).toEqual([undefined, 1]);
    expect(plotPoints([point(1, 0)], {})[0]?.trainingLoss).toBe(0);
  });

  it('knows its ends', () => {
    expect(extent(points)).toEqual({ first: 0, last: 3 });
    expect(extent([])).toBeUndefined();
  });
});

it('writes every figure into the table, and nothing where nothing was measured', () => {
  expect(toCsv([point(3, 3, 1)])).toBe(
    'step,epoch,trainingLoss,validationLoss,learningRate,gradientNorm,throughput,gpuUtilization,memoryBytes,timestamp\n' +
      '3,1,3,1,0.0002,,,,,2026-11-23T12:00:00Z\n',
  );
});

it('spreads what is too much, with both ends', () => {
  expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
  const few = spread(
    Array.from({ length: 101 }, (_, i) => i),
    5,
  );
  expect(few).toEqual([0, 25, 50, 75, 100]);
});

it('reads from the address what it knows', () => {
  expect(parseMonitorSearch({ smooth: 0.6, log: true, from: 2, to: 9, level: 'error', q: 'oom' })).toEqual({
    smooth: 0.6,
    log: true,
    from: 2,
    to: 9,
    level: 'error',
    q: 'oom',
  });
  expect(parseMonitorSearch({ smooth: 7, log: 'yes', from: 5, to: 3, level: 'all', q: '' })).toEqual({
    smooth: 0.95,
    from: 5,
  });
});
