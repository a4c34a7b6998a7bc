/** Saved configurations: from what the page lets one choose to what is saved, and back. */
import type { ConfigurationSettings } from '@/api/configurations';
import type { Catalogue, Job } from '@/api/types';
import { scientific } from '@/lib/format';
import { type Config, type NamedPreset, presetValues, requestOf, shapeOf } from './config';

/** What is saved: all that a job is made of, beside its data set, the model that it goes on from and its name. */
export function settingsOf(config: Config): ConfigurationSettings {
  const { datasetId: _, parentModelId: __, ...settings } = requestOf(config, '');
  return { ...settings, presetId: config.preset };
}

/** A saved configuration as it can be used now: what it leaves out, or the server no longer offers, stays as it is chosen at present. */
export function usable(saved: ConfigurationSettings, present: Config, catalogue: Catalogue): Config {
  const named = catalogue.presets.some(({ id }) => id === saved.presetId);
  const preset = named ? (saved.presetId as NamedPreset) : present.preset;
  const model = catalogue.baseModels.find(({ id }) => id === saved.baseModel)?.id ?? present.baseModel;
  const wanted = saved.gpuConfig;
  const machine = catalogue.instanceTypes.find(({ id, available }) => id === wanted?.instanceType && available);
  const hyperparameters = {
    ...(presetValues(catalogue, preset, model) ?? present.hyperparameters),
    ...saved.hyperparameters,
  } as Config['hyperparameters'];
  return {
    preset,
    baseModel: model,
    hyperparameters,
    learningRate: scientific(hyperparameters.learningRate),
    instanceType: machine?.id ?? present.instanceType,
    spot: machine && wanted ? Boolean(wanted.spot) && machine.spotRatePerHour !== undefined : present.spot,
    numGpus: machine && wanted ? wanted.numGPUs : present.numGpus,
    // The name belongs to one job.
    name: present.name,
    // A saved configuration begins a new adapter.
    parentModelId: '',
    run: runOf(saved, present.run),
  };
}

function runOf(saved: ConfigurationSettings, present: Config['run']): Config['run'] {
  const texts = Object.entries(present).map(([key, otherwise]) => {
    const value: unknown = saved[key as keyof ConfigurationSettings];
    // Without early stopping nothing is saved of it.
    if (value === undefined) return [key, key === 'earlyStoppingPatience' ? '' : otherwise];
    return [key, String(value)];
  });
  return Object.fromEntries(texts);
}

/** The settings of a job that was, for another one like it. */
export function likeJob(job: Job, present: Config, catalogue: Catalogue): Config {
  const { parentModelId = '', ...settings } = job.settings;
  const { presetId, baseModel, hyperparameters, gpuConfig } = job;
  const config = usable({ ...settings, presetId, baseModel, hyperparameters, gpuConfig }, present, catalogue);
  // What is gone on from is an adapter for this base model only.
  if (!parentModelId || config.baseModel !== baseModel) return config;
  return { ...config, parentModelId, shape: shapeOf(hyperparameters) };
}
