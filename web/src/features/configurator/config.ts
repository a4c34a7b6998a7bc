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
  /** As typed. */
  maxDurationHours: string;
}

/** A preset's hyperparameters, its sequences no longer than the base model's context. */
export function presetValues(catalogue: Catalogue, preset: PresetId, baseModel: string): Hyperparameters | undefined {
  const found = catalogue.presets.find(({ id }) => id === preset)?.hyperparameters;
  const context = catalogue.baseModels.find(({ id }) => id === baseModel)?.contextLength ?? Number.POSITIVE_INFINITY;
  return found && { ...found, maxSeqLength: Math.min(found.maxSeqLength, context) };
}

/** What the page starts with: the balanced preset on the first machine that is there. */
export function initialConfig(catalogue: Catalogue, text: (learningRate: number) => string): Config | undefined {
  const baseModel = catalogue.baseModels[0]?.id;
  const instance = catalogue.instanceTypes.find(({ available }) => available) ?? catalogue.instanceTypes[0];
  const hyperparameters = baseModel && presetValues(catalogue, 'balanced', baseModel);
  if (!baseModel || !instance || !hyperparameters) return undefined;
  return {
    preset: 'balanced',
    baseModel,
    hyperparameters,
    learningRate: text(hyperparameters.learningRate),
    instanceType: instance.id,
    spot: instance.spotRatePerHour !== undefined,
    maxDurationHours: String(catalogue.defaultSettings.maxDurationHours),
  };
}

/** Whether anything differs from the chosen preset. */
export function isCustom(config: Config, catalogue: Catalogue): boolean {
  const preset = presetValues(catalogue, config.preset, config.baseModel);
  return JSON.stringify(sorted(preset ?? {})) !== JSON.stringify(sorted(effective(config)));
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}

/** The hyperparameters with the learning rate that was typed. */
export function effective(config: Config): Hyperparameters {
  return { ...config.hyperparameters, learningRate: Number(config.learningRate.trim() || Number.NaN) };
}

/** What the server is asked to estimate, and then to train. */
export function requestOf(
  config: Config,
  datasetId: string,
  hyperparameters = effective(config),
  presetId: PresetId = config.preset,
): EstimateRequest {
  return {
    datasetId,
    presetId,
    baseModel: config.baseModel,
    hyperparameters,
    gpuConfig: { instanceType: config.instanceType, numGPUs: 1, spot: config.spot },
    maxDurationHours: Number(config.maxDurationHours),
  };
}

/** What is out of range, in words; empty when nothing is. */
export function problems(config: Config, limits: Catalogue['limits']): string[] {
  const values = { ...effective(config), maxDurationHours: Number(config.maxDurationHours.trim() || Number.NaN) };
  const checked = [
    ['learningRate', 'Learning rate'],
    ['batchSize', 'Batch size'],
    ['numEpochs', 'Epochs'],
    ['warmupRatio', 'Warmup ratio'],
    ['loraRank', 'LoRA rank'],
    ['loraAlpha', 'LoRA alpha'],
    ['loraDropout', 'LoRA dropout'],
    ['maxSeqLength', 'Sequence length'],
    ['maxDurationHours', 'Maximum duration'],
  ] as const;
  return checked.flatMap(([key, label]) => {
    const value = values[key];
    const { min, max } = limits[key];
    return Number.isFinite(value) && value >= min && value <= max ? [] : [`${label} must be between ${min} and ${max}`];
  });
}

/** Sequence lengths on offer: the usual ones that fit, and whatever is set. */
export function sequenceLengths(contextLength: number, current: number): number[] {
  const usual = [512, 1024, 2048, 4096].filter((length) => length <= contextLength);
  return [...new Set([...usual, current])].sort((a, b) => a - b);
}
