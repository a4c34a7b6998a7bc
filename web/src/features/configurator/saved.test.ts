import { beforeEach, expect, it } from 'vitest';
import type { Catalogue } from '@/api/types';
import type { Config } from './config';
import { forgetConfig, saveConfig, savedConfigs, usable } from './saved';

beforeEach(() => localStorage.clear());

const config = {
  baseModel: 'base',
  instanceType: 'cpu',
  spot: false,
  name: 'job',
  hyperparameters: { loraRank: 8 },
  run: { seed: '1' },
} as Config;
const catalogue = {
  baseModels: [{ id: 'base' }],
  instanceTypes: [
    { id: 'cpu', available: true },
    { id: 'gone', available: false },
  ],
} as Catalogue;
const now = new Date('2026-11-23T12:00:00Z');

it('keeps configurations by name, the newest first', () => {
  saveConfig('a', config, now);
  saveConfig('b', config, now);
  saveConfig('a', { ...config, spot: true }, now);
  expect(savedConfigs().map(({ name, config: kept }) => [name, kept.spot])).toEqual([
    ['a', true],
    ['b', false],
  ]);
  expect(forgetConfig('a').map(({ name }) => name)).toEqual(['b']);
});

it('survives what is no configuration', () => {
  localStorage.setItem('brightrun-configurations', '[{"name":"x"},7]');
  expect(savedConfigs()).toEqual([]);
  localStorage.setItem('brightrun-configurations', '{');
  expect(savedConfigs()).toEqual([]);
});

it('does not bring back what is no longer offered', () => {
  const kept = {
    ...config,
    baseModel: 'old',
    instanceType: 'gone',
    spot: true,
    hyperparameters: { loraRank: 32 },
  } as Config;
  expect(usable(kept, config, catalogue)).toMatchObject({
    baseModel: 'base',
    instanceType: 'cpu',
    spot: false,
    name: 'job',
    hyperparameters: { loraRank: 32 },
  });
});
