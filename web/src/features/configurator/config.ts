import type { Catalogue, EstimateRequest, Hyperparameters, PresetId } from '@/api/types';

export type NamedPreset = Exclude<PresetId, 'custom'>;

/** Everything that the page lets one choose. */
export interface Config {
  preset: NamedPreset;
  baseModel: string;
  hyperparameters: Hyperparameters;
  /** The learning rate as typed. */
  learningRate: string;
  instanceType: string;
  spot: boolean;
  numGpus: number;
  /** Name of the job; empty lets the server make one. */
  name: string;
  /** The model to go on from; empty begins a new adapter. */
  parentModelId: string;
  /** What that model says of the adapter's shape: it stays as it was trained. */
  shape?: AdapterShape | undefined;
  /** Settings of the run, as typed. */
  run: RunSettings;
}

export type AdapterShape = Pick<
  Hyperparameters,
  'loraRank' | 'loraAlpha' | 'useRslora' | 'targetModules' | 'layersToTransform'
>;

/** What of a model's hyperparameters cannot change when training goes on from it. */
export function shapeOf({
  loraRank,
  loraAlpha,
  useRslora,
  targetModules,
  layersToTransform,
}: Hyperparameters): AdapterShape {
  return { loraRank, loraAlpha, useRslora, targetModules, ...(layersToTransform && { layersToTransform }) };
}

/** As typed: text, so that a half-typed number is not lost. */
export interface RunSettings {
  maxDurationHours: string;
  validationSplitRatio: string;
  checkpointInterval: string;
  /** Empty: it trains to the end. */
  earlyStoppingPatience: string;
  seed: string;
  evaluationExamples: string;
  evaluationMinutes: string;
  packing: 'true' | 'false';
  overlongExamples: JobSettings['overlongExamples'];
  precision: JobSettings['precision'];
  gradientCheckpointing: JobSettings['gradientCheckpointing'];
}

type JobSettings = Catalogue['defaultSettings'];

/** A preset's hyperparameters, its sequences no longer than the base model's context, its adapter of the shape that is given. */
export function presetValues(
  catalogue: Catalogue,
  preset: PresetId,
  baseModel: string,
  shape?: AdapterShape,
): Hyperparameters | undefined {
  const found = catalogue.presets.find(({ id }) => id === preset)?.hyperparameters;
  const context = catalogue.baseModels.find(({ id }) => id === baseModel)?.contextLength ?? Number.POSITIVE_INFINITY;
  return found && { ...found, ...shape, maxSeqLength: Math.min(found.maxSeqLength, context) };
}

/** What the account has chosen for its jobs. */
export interface Defaults {
  defaultBaseModel?: string;
  defaultInstanceType?: string;
}

/** What the page starts with: the balanced preset on the account's machine and base model, or else on the first that are there. */
export function initialConfig(
  catalogue: Catalogue,
  text: (learningRate: number) => string,
  { defaultBaseModel, defaultInstanceType }: Defaults = {},
): Config | undefined {
  const { baseModels, instanceTypes } = catalogue;
  const baseModel = (baseModels.find(({ id }) => id === defaultBaseModel) ?? baseModels[0])?.id;
  const there = instanceTypes.filter(({ available }) => available);
  const instance = there.find(({ id }) => id === defaultInstanceType) ?? there[0] ?? instanceTypes[0];
  const hyperparameters = baseModel && presetValues(catalogue, 'balanced', baseModel);
  if (!baseModel || !instance || !hyperparameters) return undefined;
  return {
    preset: 'balanced',
    baseModel,
    hyperparameters,
    learningRate: text(hyperparameters.learningRate),
    instanceType: instance.id,
    spot: instance.spotRatePerHour !== undefined,
    numGpus: 1,
    name: '',
    parentModelId: '',
    run: {
      maxDurationHours: String(catalogue.defaultSettings.maxDurationHours),
      validationSplitRatio: String(catalogue.defaultSettings.validationSplitRatio),
      checkpointInterval: String(catalogue.defaultSettings.checkpointInterval),
      earlyStoppingPatience: '',
      seed: String(catalogue.defaultSettings.seed),
      evaluationExamples: String(catalogue.defaultSettings.evaluationExamples),
      evaluationMinutes: String(catalogue.defaultSettings.evaluationMinutes),
      packing: catalogue.defaultSettings.packing ? 'true' : 'false',
      overlongExamples: catalogue.defaultSettings.overlongExamples,
      precision: catalogue.defaultSettings.precision,
      gradientCheckpointing: catalogue.defaultSettings.gradientCheckpointing,
    },
  };
}

/** Whether anything differs from the chosen preset. */
export function isCustom(config: Config, catalogue: Catalogue): boolean {
  const preset = presetValues(catalogue, config.preset, config.baseModel, config.shape);
  return JSON.stringify(sorted(preset ?? {})) !== JSON.stringify(sorted(effective(config)));
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}

/** The hyperparameters with the learning rate that was typed. */
export function effective(config: Config): Hyperparameters {
  return { ...config.hyperparameters, learningRate: numberOf(config.learningRate) };
}

/** A number as typed; not a number where nothing or nonsense was. */
function numberOf(text: string): number {
  return Number(text.trim() || Number.NaN);
}

/** What the server is asked to estimate, and then to train. */
export function requestOf(
  config: Config,
  datasetId: string,
  hyperparameters = effective(config),
  presetId: PresetId = config.preset,
): EstimateRequest {
  const { run } = config;
  return {
    datasetId,
    presetId,
    baseModel: config.baseModel,
    hyperparameters,
    gpuConfig: { instanceType: config.instanceType, numGPUs: config.numGpus, spot: config.spot },
    maxDurationHours: numberOf(run.maxDurationHours),
    validationSplitRatio: numberOf(run.validationSplitRatio),
    checkpointInterval: numberOf(run.checkpointInterval),
    ...(run.earlyStoppingPatience.trim() && { earlyStoppingPatience: numberOf(run.earlyStoppingPatience) }),
    seed: numberOf(run.seed),
    evaluationExamples: numberOf(run.evaluationExamples),
    evaluationMinutes: numberOf(run.evaluationMinutes),
    packing: run.packing === 'true',
    overlongExamples: run.overlongExamples,
    precision: run.precision,
    gradientCheckpointing: run.gradientCheckpointing,
    ...(config.parentModelId && { parentModelId: config.parentModelId }),
  };
}

const LABELS = {
  learningRate: 'Learning rate',
  batchSize: 'Batch size',
  numEpochs: 'Epochs',
  warmupRatio: 'Warmup ratio',
  warmupSteps: 'Warmup steps',
  loraRank: 'LoRA rank',
  loraAlpha: 'LoRA alpha',
  loraDropout: 'LoRA dropout',
  maxSeqLength: 'Sequence length',
  weightDecay: 'Weight decay',
  gradientAccumulationSteps: 'Gradient accumulation',
  maxGradNorm: 'Gradient clipping',
  maxDurationHours: 'Maximum duration',
  validationSplitRatio: 'Validation split',
  checkpointInterval: 'Checkpoint interval',
  earlyStoppingPatience: 'Early stopping',
  evaluationExamples: 'Evaluation questions',
  evaluationMinutes: 'Evaluation time',
} as const satisfies Partial<Record<keyof Catalogue['limits'], string>>;

/** What is out of range, in words; empty when nothing is. */
export function problems(config: Config, limits: Catalogue['limits']): string[] {
  const { run } = config;
  const patience = run.earlyStoppingPatience.trim() && { earlyStoppingPatience: numberOf(run.earlyStoppingPatience) };
  const values: Partial<Record<keyof typeof LABELS, number>> = {
    ...effective(config),
    maxDurationHours: numberOf(run.maxDurationHours),
    validationSplitRatio: numberOf(run.validationSplitRatio),
    checkpointInterval: numberOf(run.checkpointInterval),
    evaluationExamples: numberOf(run.evaluationExamples),
    evaluationMinutes: numberOf(run.evaluationMinutes),
    ...patience,
  };
  const found = (Object.keys(LABELS) as (keyof typeof LABELS)[]).flatMap((key) => {
    const value = values[key];
    if (value === undefined) return [];
    const { min, max } = limits[key];
    const within = Number.isFinite(value) && value >= min && value <= max;
    return within ? [] : [`${LABELS[key]} must be between ${min} and ${max}`];
  });
  if (config.hyperparameters.targetModules.length === 0) found.push('Choose at least one target module');
  const seed = numberOf(run.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) found.push('Seed must be a whole number from 0 on');
  if (config.name.trim().length > 200) found.push('The job name may have at most 200 characters');
  return found;
}

/** The base model changed: sequences are no longer than its context, and an adapter for another one cannot be gone on from. */
export function withBaseModel(config: Config, catalogue: Catalogue, baseModel: string): Config {
  const context = catalogue.baseModels.find(({ id }) => id === baseModel)?.contextLength;
  const { maxSeqLength } = config.hyperparameters;
  const length = context === undefined ? maxSeqLength : Math.min(maxSeqLength, context);
  const parent = baseModel === config.baseModel ? {} : { parentModelId: '', shape: undefined };
  return { ...config, ...parent, baseModel, hyperparameters: { ...config.hyperparameters, maxSeqLength: length } };
}

/** Training goes on from a model, or begins anew: the adapter is of that model's shape, or of the preset's. */
export function withParent(
  config: Config,
  catalogue: Catalogue,
  parent: { id: string; hyperparameters: Hyperparameters } | undefined,
): Config {
  const preset = presetValues(catalogue, config.preset, config.baseModel);
  const shape = parent && shapeOf(parent.hyperparameters);
  // What is left out of a shape is the server's default.
  const { layersToTransform: _, ...rest } = config.hyperparameters;
  const hyperparameters = { ...rest, ...(shape ?? (preset && shapeOf(preset))) };
  return { ...config, hyperparameters, parentModelId: parent?.id ?? '', shape };
}

/** Layers as typed: `0-3, 7`; empty means all of them. Nothing where it is nonsense. */
export function layersOf(text: string): number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const [, first, last = first] = /^(\d{1,4})(?:\s*-\s*(\d{1,4}))?$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first)) return undefined;
    for (let layer = Number(first); layer <= Number(last); layer++) found.add(layer);
  }
  return [...found].sort((a, b) => a - b);
}

/** Sequence lengths on offer: the usual ones that fit, and whatever is set. */
export function sequenceLengths(contextLength: number, current: number): number[] {
  const usual = [512, 1024, 2048, 4096].filter((length) => length <= contextLength);
  return [...new Set([...usual, current])].sort((a, b) => a - b);
}
