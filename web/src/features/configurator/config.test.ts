import { describe, expect, it } from 'vitest';
import type { Catalogue, DatasetDetail, Estimate } from '@/api/types';
import { scientific } from '@/lib/format';
import { launchChecks, mayLaunch } from './checks';
import {
  type Config,
  effective,
  initialConfig,
  isCustom,
  layersOf,
  problems,
  requestOf,
  sequenceLengths,
  withBaseModel,
  withParent,
} from './config';

const hyperparameters: Catalogue['presets'][0]['hyperparameters'] = {
  learningRate: 2e-4,
  batchSize: 4,
  numEpochs: 3,
  warmupSteps: 0,
  warmupRatio: 0.03,
  loraRank: 16,
  loraAlpha: 32,
  loraDropout: 0.05,
  useRslora: false,
  targetModules: ['q_proj'],
  optimizerType: 'adamw',
  weightDecay: 0.01,
  gradientAccumulationSteps: 1,
  maxGradNorm: 1,
  scheduler: 'cosine',
  maxSeqLength: 2048,
};
const wide = { min: 0, max: 1e9 };
const catalogue: Catalogue = {
  baseModels: [
    { id: 'base', displayName: 'Base', parameters: 1e6, contextLength: 1024, license: 'MIT', revision: 'r' },
  ],
  instanceTypes: [
    { id: 'h100', displayName: 'H100', ratePerHour: 4.5, available: false },
    { id: 'cpu', displayName: 'CPU', ratePerHour: 0.05, available: true },
  ],
  presets: [{ id: 'balanced', displayName: 'Balanced', description: '', hyperparameters }],
  limits: {
    learningRate: { min: 1e-7, max: 0.1 },
    loraRank: { min: 1, max: 256 },
    batchSize: wide,
    numEpochs: wide,
    warmupSteps: wide,
    warmupRatio: wide,
    loraAlpha: wide,
    loraDropout: wide,
    weightDecay: wide,
    gradientAccumulationSteps: wide,
    maxGradNorm: wide,
    maxSeqLength: wide,
    validationSplitRatio: wide,
    checkpointInterval: wide,
    earlyStoppingPatience: wide,
    maxDurationHours: { min: 0.01, max: 72 },
    evaluationExamples: wide,
    evaluationMinutes: wide,
  },
  targetModules: ['q_proj'],
  defaultSettings: {
    checkpointInterval: 100,
    evaluationExamples: 16,
    evaluationMinutes: 10,
    maxDurationHours: 24,
    overlongExamples: 'truncate',
    precision: 'f32',
    gradientCheckpointing: 'auto',
    packing: false,
    seed: 42,
    validationSplitRatio: 0.1,
  },
  cluster: { connected: true, running: 0 },
  maxFileSize: 1,
  minTrainableExamples: 10,
  version: '0',
};

const start = initialConfig(catalogue, scientific) as Config;

describe('the configuration', () => {
  it('starts balanced, on a machine that is there, within the context of the base model', () => {
    expect(start).toMatchObject({ preset: 'balanced', instanceType: 'cpu', spot: false, learningRate: '2e-4' });
    expect(start.hyperparameters.maxSeqLength).toBe(1024);
    expect(isCustom(start, catalogue)).toBe(false);
    expect(problems(start, catalogue.limits)).toEqual([]);
  });

  it('is custom as soon as one value differs, and not when the same value is typed otherwise', () => {
    expect(isCustom({ ...start, learningRate: '0.0002' }, catalogue)).toBe(false);
    expect(isCustom({ ...start, learningRate: '3e-4' }, catalogue)).toBe(true);
    const rank = { ...start.hyperparameters, loraRank: 20 };
    expect(isCustom({ ...start, hyperparameters: rank }, catalogue)).toBe(true);
  });

  it('starts with what the account has chosen, where it is there', () => {
    const chosen = (defaultInstanceType: string) => initialConfig(catalogue, scientific, { defaultInstanceType });
    const there = catalogue.instanceTypes.filter(({ available }) => available).at(-1);
    expect(chosen(there?.id ?? '')?.instanceType).toBe(there?.id);
    const away = catalogue.instanceTypes.find(({ available }) => !available);
    if (away) expect(chosen(away.id)?.instanceType).toBe(start.instanceType);
    expect(initialConfig(catalogue, scientific, { defaultBaseModel: 'gone' })?.baseModel).toBe(start.baseModel);
  });

  it('keeps the shape of the model that training goes on from', () => {
    const hyperparameters = { ...start.hyperparameters, loraRank: 4, loraAlpha: 8, useRslora: true, learningRate: 1 };
    const going = withParent(start, catalogue, { id: 'm', hyperparameters });
    expect(going.hyperparameters).toMatchObject({ loraRank: 4, loraAlpha: 8, useRslora: true });
    expect(going.hyperparameters.learningRate).toBe(start.hyperparameters.learningRate);
    expect(requestOf(going, 'd')).toMatchObject({ parentModelId: 'm' });
    expect(isCustom(going, catalogue)).toBe(false);
    const anew = withParent(going, catalogue, undefined);
    expect(anew.hyperparameters).toEqual(start.hyperparameters);
    expect(requestOf(anew, 'd')).not.toHaveProperty('parentModelId');
  });

  it.each([
    ['0-3, 7', [0, 1, 2, 3, 7]],
    ['5,5,1', [1, 5]],
    ['3-1', undefined],
    ['all', undefined],
    ['1,', undefined],
    ['0-99999', undefined],
  ])('reads layers: %s', (text, layers) => expect(layersOf(text)).toEqual(layers));

  it('names what is out of range', () => {
    expect(problems({ ...start, learningRate: 'fast' }, catalogue.limits)).toEqual([
      'Learning rate must be between 1e-7 and 0.1',
    ]);
    expect(problems({ ...start, learningRate: '' }, catalogue.limits)).toHaveLength(1);
    expect(problems({ ...start, run: { ...start.run, maxDurationHours: '100' } }, catalogue.limits)).toHaveLength(1);
  });

  it('names every setting that has no number, and needs a target', () => {
    const hyperparameters = { ...start.hyperparameters, weightDecay: Number.NaN, targetModules: [] };
    const run = { ...start.run, seed: '1.5', checkpointInterval: '', earlyStoppingPatience: 'soon' };
    expect(
      problems({ ...start, hyperparameters, run }, catalogue.limits).map((text) => text.split(' must')[0]),
    ).toEqual(['Weight decay', 'Checkpoint interval', 'Early stopping', 'Choose at least one target module', 'Seed']);
  });

  it('asks for early stopping only where it was set', () => {
    expect(requestOf(start, 'd')).not.toHaveProperty('earlyStoppingPatience');
    const run = { ...start.run, earlyStoppingPatience: '3', validationSplitRatio: '0.2' };
    expect(requestOf({ ...start, run, numGpus: 2 }, 'd')).toMatchObject({
      earlyStoppingPatience: 3,
      validationSplitRatio: 0.2,
      seed: 42,
      gpuConfig: { numGPUs: 2 },
    });
  });

  it('shortens its sequences for a base model with less context', () => {
    const small = { ...catalogue.baseModels[0], id: 'small', contextLength: 256 } as Catalogue['baseModels'][0];
    const changed = withBaseModel(start, { ...catalogue, baseModels: [...catalogue.baseModels, small] }, 'small');
    expect(changed).toMatchObject({ baseModel: 'small', hyperparameters: { maxSeqLength: 256 } });
  });

  it('becomes the request that is estimated', () => {
    expect(requestOf({ ...start, learningRate: '1e-3' }, 'd')).toMatchObject({
      datasetId: 'd',
      gpuConfig: { instanceType: 'cpu', numGPUs: 1, spot: false },
      hyperparameters: { learningRate: 1e-3, loraRank: 16 },
    });
    expect(Number.isNaN(effective({ ...start, learningRate: ' ' }).learningRate)).toBe(true);
  });

  it('offers sequence lengths that fit', () => {
    expect(sequenceLengths(1024, 1024)).toEqual([512, 1024]);
    expect(sequenceLengths(8192, 3000)).toEqual([512, 1024, 2048, 3000, 4096]);
  });
});

describe('the checks before a launch', () => {
  const dataset = { trainingReady: true, readinessIssues: [] as string[] } as DatasetDetail;
  const estimate = {
    cost: { min: 6, max: 16 },
    duration: { min: 60, max: 120 },
    budget: { withinBudget: true, remaining: 100 },
    hourlyRate: 2.49,
  } as Estimate;
  const input = { dataset, config: start, problems: [], catalogue, estimate, estimateError: undefined };
  const statusOf = (over: Partial<typeof input> | { estimate: undefined }) =>
    Object.fromEntries(launchChecks({ ...input, ...over }).map(({ key, status }) => [key, status]));

  it('pass when everything is in order', () => {
    expect(mayLaunch(launchChecks(input))).toBe(true);
    expect(launchChecks(input).map(({ label }) => label)).toContain('Cost estimate: $6.00-$16.00');
  });

  it('wait for the estimate', () => {
    expect(statusOf({ estimate: undefined })).toMatchObject({ cost: 'incomplete', duration: 'incomplete' });
  });

  it('hold the budget', () => {
    const dear = { ...estimate, budget: { ...estimate.budget, withinBudget: false } };
    expect(statusOf({ estimate: dear }).cost).toBe('incomplete');
  });

  it('warn without forbidding', () => {
    const checks = launchChecks({
      ...input,
      dataset: { ...dataset, readinessIssues: ['few'] },
      config: { ...start, spot: true, run: { ...start.run, maxDurationHours: '0.02' } },
    });
    expect(checks.filter(({ status }) => status === 'warning').map(({ key }) => key)).toEqual([
      'dataset',
      'duration',
      'spot',
    ]);
    expect(mayLaunch(checks)).toBe(true);
  });

  it('refuse a machine that is not there', () => {
    expect(statusOf({ config: { ...start, instanceType: 'h100' } }).machine).toBe('incomplete');
  });
});
