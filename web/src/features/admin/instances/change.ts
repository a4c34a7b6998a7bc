import type { AdminInstance } from '@/api/admin';
import type { components } from '@/api/schema';
import { amountOf } from '@/lib/amount';

export interface Values {
  displayName: string;
  ratePerHour: string;
  spotRatePerHour: string;
  offered: boolean;
}

/** Everything as the configuration has it. */
export const CONFIGURED: components['schemas']['UpdateInstance'] = {
  displayName: null,
  ratePerHour: null,
  spotRatePerHour: null,
  offered: true,
};

export function valuesOf(instance: AdminInstance): Values {
  return {
    displayName: instance.displayName,
    ratePerHour: String(instance.ratePerHour),
    spotRatePerHour: instance.spotRatePerHour === undefined ? '' : String(instance.spotRatePerHour),
    offered: instance.offered,
  };
}

/** What differs from what is there; a rate that is the configured one, or empty, follows the configuration again. */
export function changeOf(instance: AdminInstance, values: Values): components['schemas']['UpdateInstance'] {
  const before = valuesOf(instance);
  const rate = (typed: string, configured: number | undefined) => {
    const value = amountOf(typed);
    return value === configured ? null : value;
  };
  const differs = (name: keyof Values) => values[name] !== before[name];
  return {
    ...(differs('displayName') && { displayName: values.displayName.trim() || null }),
    ...(differs('ratePerHour') && { ratePerHour: rate(values.ratePerHour, instance.configuredRatePerHour) }),
    ...(differs('spotRatePerHour') && {
      spotRatePerHour: rate(values.spotRatePerHour, instance.configuredSpotRatePerHour),
    }),
    ...(differs('offered') && { offered: values.offered }),
  };
}
