import { expect, it } from 'vitest';
import type { JobDetail, MetricsPoint } from '@/api/types';
import { addPoint, applyEvent, type StreamEvent } from './events';

const job = {
  status: 'initializing',
  progress: 10,
  lastEventSeq: 5,
  currentCost: 1,
  logs: [] as JobDetail['logs'],
  currentStep: 4,
} as JobDetail;
const at = '2026-11-23T12:00:00Z';
const progress = (seq: number, value: number): StreamEvent => ({
  name: 'progress',
  seq,
  at,
  data: { progress: value, currentEpoch: 1, currentStep: 8, totalSteps: 40, totalEpochs: 3 },
});

it('takes progress forward, never back', () => {
  expect(applyEvent(job, progress(6, 20))).toMatchObject({
    status: 'running',
    progress: 20,
    currentStep: 8,
    lastEventSeq: 6,
  });
  expect(applyEvent(job, progress(6, 3)).progress).toBe(10);
});

it('ignores what the job already knows, so a replay changes nothing', () => {
  expect(applyEvent(job, progress(5, 90))).toBe(job);
});

it('keeps the figures before, and those that an event does not repeat', () => {
  const metrics = (seq: number, step: number, data: object): StreamEvent => ({
    name: 'metrics',
    seq,
    at,
    data: { epoch: 1, step, learningRate: 1e-4, ...data },
  });
  const first = applyEvent(job, metrics(6, 5, { trainingLoss: 3, validationLoss: 4 }));
  const second = applyEvent(first, metrics(7, 6, { trainingLoss: 2 }));
  expect(second.currentMetrics).toMatchObject({ trainingLoss: 2, validationLoss: 4 });
  expect(second.previousMetrics).toMatchObject({ trainingLoss: 3 });
});

it('adds log lines with their time', () => {
  const event: StreamEvent = { name: 'log', seq: 6, at, data: { level: 'warning', message: 'cut' } };
  expect(applyEvent(job, event).logs).toEqual([{ level: 'warning', message: 'cut', timestamp: at }]);
});

it('keeps the curve in order and each step once', () => {
  const point = (step: number, trainingLoss?: number, validationLoss?: number) =>
    ({ step, epoch: 1, learningRate: 0, timestamp: at, trainingLoss, validationLoss }) as MetricsPoint;
  let points: MetricsPoint[] = [];
  for (const next of [point(1, 3), point(4, 2), point(2, 2.5), point(4, 1.5)]) points = addPoint(points, next);
  expect(points.map(({ step, trainingLoss }) => [step, trainingLoss])).toEqual([
    [1, 3],
    [2, 2.5],
    [4, 1.5],
  ]);
});
