import { expect, it } from 'vitest';
import type { AdminInstance } from '@/api/admin';
import { changeOf, valuesOf } from './change';

const instance: AdminInstance = {
  id: 'h100-80gb',
  displayName: 'H100 80GB',
  ratePerHour: 3,
  spotRatePerHour: 1.5,
  configuredRatePerHour: 2.49,
  configuredSpotRatePerHour: 1.5,
  offered: true,
  available: true,
};

it('sends what was changed only', () => {
  expect(changeOf(instance, valuesOf(instance))).toEqual({});
  expect(changeOf(instance, { ...valuesOf(instance), spotRatePerHour: '1', offered: false })).toEqual({
    spotRatePerHour: 1,
    offered: false,
  });
});

it('goes back to the configuration where nothing is typed, or what is configured', () => {
  expect(changeOf(instance, { ...valuesOf(instance), displayName: ' ', ratePerHour: '2.49' })).toEqual({
    displayName: null,
    ratePerHour: null,
  });
  expect(changeOf(instance, { ...valuesOf(instance), ratePerHour: '' })).toEqual({ ratePerHour: null });
});
