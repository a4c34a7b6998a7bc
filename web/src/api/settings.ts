import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';
import type { AccountSettings } from './types';

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/settings', { signal }))).data,
});

/** The settings as they are then. */
export async function updateSettings(body: components['schemas']['UpdateSettings']): Promise<AccountSettings> {
  return (await ok(api.PATCH('/api/settings', { body }))).data;
}
