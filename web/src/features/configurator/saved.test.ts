import { expect, it } from 'vitest';
import type { Catalogue, Job } from '@/api/types';
import type { Config } from './config';
import { likeJob, settingsOf, usable } from './saved';

const config = {
  preset: 'balanced',
  baseModel: 'base',
  instanceType: 'cpu',
  spot: false,
  numGpus: 1,
  name: 'job',
  parentModelId: '',
  learningRate: '3e-4',
  hyperparameters: { loraRank: 8, learningRate: 2e-4, maxSeqLength: 512 },
  run: {
    maxDurationHours: '24',
    validationSplitRatio: '0.1',
    checkpointInterval: '100',
    earlyStoppingPatience: '',
    seed: '1',
    evaluationExamples: '20',
    evaluationMinutes: '10',
    packing: 'false',
    overlongExamples: 'truncate',
    precision: 'f32',
    gradientCheckpointing: 'auto',
  },
} as Config;
const catalogue = {
  baseModels: [{ id: 'base', contextLength: 512 }],
  instanceTypes: [
    { id: 'cpu', available: true },
    { id: 'gpu', available: true, spotRatePerHour: 1 },
    { id: 'gone', available: false },
  ],
  presets: [
    { id: 'balanced', hyperparameters: config.hyperparameters },
    { id: 'aggressive', hyperparameters: { ...config.hyperparameters, loraRank: 32, maxSeqLength: 2048 } },
  ],
} as Catalogue;

it('comes back as it was saved, the rate as it was typed', () => {
  const chosen: Config = {
    ...config,
    preset: 'aggressive',
    instanceType: 'gpu',
    spot: true,
    numGpus: 2,
    run: { ...config.run, seed: '7', earlyStoppingPatience: '3', packing: 'true', precision: 'bf16' },
  };
  const settings = settingsOf(chosen);
  expect(settings).not.toHaveProperty('datasetId');
  expect(settings.hyperparameters?.learningRate).toBe(3e-4);
  expect(usable(settings, { ...config, name: 'another' }, catalogue)).toEqual({
    ...chosen,
    name: 'another',
    hyperparameters: { ...chosen.hyperparameters, learningRate: 3e-4 },
  });
});

it('fills what another program left out, and does not bring back what is no longer offered', () => {
  const settings = {
    presetId: 'aggressive',
    baseModel: 'old',
    gpuConfig: { instanceType: 'gone', numGPUs: 8, spot: true },
  } as const;
  const present = { ...config, run: { ...config.run, earlyStoppingPatience: '2', seed: '9' } };
  expect(usable(settings, present, catalogue)).toMatchObject({
    preset: 'aggressive',
    baseModel: 'base',
    instanceType: 'cpu',
    spot: false,
    numGpus: 1,
    hyperparameters: { loraRank: 32, maxSeqLength: 512 },
    run: { seed: '9', earlyStoppingPatience: '' },
  });
});

it('starts with the settings of a job', () => {
  const job = {
    presetId: 'custom',
    baseModel: 'base',
    hyperparameters: { ...config.hyperparameters, loraRank: 4, learningRate: 1e-3 },
    gpuConfig: { instanceType: 'gpu', numGPUs: 2, spot: true },
    settings: { seed: 5, packing: true, parentModelId: 'm' },
  } as unknown as Job;
  expect(likeJob(job, config, catalogue)).toMatchObject({
    preset: 'balanced',
    hyperparameters: { loraRank: 4 },
    learningRate: '1e-3',
    instanceType: 'gpu',
    numGpus: 2,
    parentModelId: 'm',
    shape: { loraRank: 4 },
    run: { seed: '5', packing: 'true' },
  });
  expect(likeJob({ ...job, baseModel: 'gone' }, config, catalogue).parentModelId).toBe('');
});
