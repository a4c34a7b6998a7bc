import { describe, expect, it } from 'vitest';
import type { Job } from '@/api/types';
import { mergeCurves } from './curves';
import { idsOf, parseCompareSearch, toggled } from './search';
import { differingSettings, least } from './settings';

const point = (step: number, trainingLoss?: number, validationLoss?: number) => ({
  step,
  epoch: 1,
  learningRate: 2e-4,
  trainingLoss,
  validationLoss,
  timestamp: '2026-03-02T09:30:00Z',
});

function job(patch: { loraRank?: number; targetModules?: string[]; seed?: number }): Job {
  const { loraRank = 16, targetModules = ['q_proj', 'v_proj'], seed = 42 } = patch;
  return {
    datasetName: 'Bikes',
    datasetPairs: 10,
    presetId: 'balanced',
    baseModel: 'tiny',
    instanceName: 'CPU',
    hourlyRate: 1,
    gpuConfig: { instanceType: 'local-cpu', numGPUs: 1, spot: false },
    hyperparameters: {
      learningRate: 2e-4,
      batchSize: 4,
      gradientAccumulationSteps: 1,
      numEpochs: 3,
      loraRank,
      loraAlpha: 32,
      loraDropout: 0,
      useRslora: false,
      targetModules,
      maxSeqLength: 512,
      optimizerType: 'adamw',
      scheduler: 'linear',
      warmupRatio: 0,
      warmupSteps: 0,
      weightDecay: 0,
      maxGradNorm: 1,
    },
    settings: {
      validationSplitRatio: 0.1,
      packing: true,
      overlongExamples: 'truncate',
      precision: 'f32',
      gradientCheckpointing: 'auto',
      checkpointInterval: 100,
      evaluationExamples: 16,
      maxDurationHours: 24,
      seed,
    },
  } as Job;
}

describe('the curves of several runs', () => {
  it('are one list by step', () => {
    expect(
      mergeCurves([
        [point(1, 3), point(3, 2, 2.5)],
        [point(2, 4), point(3, 1)],
      ]),
    ).toEqual([
      { step: 1, trainingLoss0: 3 },
      { step: 2, trainingLoss1: 4 },
      { step: 3, trainingLoss0: 2, validationLoss0: 2.5, trainingLoss1: 1 },
    ]);
  });
  it('leave out what a logarithm cannot show', () => {
    expect(mergeCurves([[point(1, 0)]], { log: true })).toEqual([{ step: 1 }]);
    expect(mergeCurves([[point(1, 0)]])).toEqual([{ step: 1, trainingLoss0: 0 }]);
  });
});

describe('settings', () => {
  it('that differ are listed, the others counted', () => {
    const { rows, same } = differingSettings([job({}), job({ loraRank: 32 }), job({ seed: 7 })]);
    expect(rows).toEqual([
      { label: 'LoRA rank', values: ['16', '32', '16'] },
      { label: 'Seed', values: ['42', '42', '7'] },
    ]);
    // Of all settings that there are: those that are added later count too.
    const all = differingSettings([job({}), job({})]);
    expect(all.rows).toEqual([]);
    expect(same).toBe(all.same - rows.length);
    expect(all.same).toBeGreaterThan(20);
  });
  it('do not differ by the order of the modules', () => {
    expect(differingSettings([job({}), job({ targetModules: ['v_proj', 'q_proj'] })]).rows).toEqual([]);
  });
});

describe('the best of a row', () => {
  it('is the least', () => expect(least([3, undefined, 1, 2])).toBe(2));
  it('needs two that differ', () => {
    expect(least([1, undefined])).toBeUndefined();
    expect(least([1, 1])).toBeUndefined();
  });
});

describe('the address', () => {
  it('has each id once and six at most', () => {
    expect(idsOf('a, b,,a')).toEqual(['a', 'b']);
    expect(idsOf('1,2,3,4,5,6,7')).toHaveLength(6);
    expect(idsOf(undefined)).toEqual([]);
  });
  it('takes up and lays down', () => {
    expect(toggled('a', 'b')).toBe('a,b');
    expect(toggled('a,b', 'a')).toBe('b');
    expect(toggled('a', 'a')).toBeUndefined();
    expect(toggled('1,2,3,4,5,6', '7')).toBe('1,2,3,4,5,6');
  });
  it('is read with care', () => {
    expect(parseCompareSearch({ jobs: 4, losses: 'none', log: 'yes' })).toEqual({ jobs: '', losses: 'both' });
    expect(parseCompareSearch({ jobs: 'a,b', losses: 'training', log: true })).toEqual({
      jobs: 'a,b',
      losses: 'training',
      log: true,
    });
  });
});
