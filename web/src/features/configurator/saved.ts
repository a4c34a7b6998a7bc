/** Configurations that are kept in this browser. */
import type { Catalogue } from '@/api/types';
import type { Config } from './config';

const KEY = 'brightrun-configurations';
/** Kept at most; the oldest goes. */
const MOST = 50;

export interface SavedConfig {
  name: string;
  at: string;
  config: Config;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function isSaved(value: unknown): value is SavedConfig {
  if (!isRecord(value) || !isRecord(value.config)) return false;
  return (
    typeof value.name === 'string' &&
    typeof value.at === 'string' &&
    isRecord(value.config.hyperparameters) &&
    isRecord(value.config.run)
  );
}

/** What is kept; whatever cannot be read is left out. */
export function savedConfigs(): SavedConfig[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isSaved) : [];
  } catch {
    return [];
  }
}

function write(all: SavedConfig[]): SavedConfig[] {
  localStorage.setItem(KEY, JSON.stringify(all));
  return all;
}

/** Keeps a configuration; one of the same name is replaced. Throws where the browser keeps nothing. */
export function saveConfig(name: string, config: Config, now: Date): SavedConfig[] {
  const others = savedConfigs().filter((saved) => saved.name !== name);
  return write([{ name, at: now.toISOString(), config }, ...others].slice(0, MOST));
}

export function forgetConfig(name: string): SavedConfig[] {
  return write(savedConfigs().filter((saved) => saved.name !== name));
}

/** A kept configuration as it can be used now: what the server no longer offers stays as it is chosen at present. */
export function usable(saved: Config, present: Config, catalogue: Catalogue): Config {
  const model = catalogue.baseModels.some(({ id }) => id === saved.baseModel);
  const machine = catalogue.instanceTypes.some(({ id, available }) => id === saved.instanceType && available);
  return {
    ...present,
    ...saved,
    hyperparameters: { ...present.hyperparameters, ...saved.hyperparameters },
    run: { ...present.run, ...saved.run },
    ...(!model && { baseModel: present.baseModel }),
    ...(!machine && { instanceType: present.instanceType, spot: present.spot }),
    // The name belongs to one job.
    name: present.name,
  };
}
