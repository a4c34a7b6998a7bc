import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

export type Configuration = components['schemas']['Configuration'];
export type ConfigurationSettings = components['schemas']['ConfigurationSettings'];

/** Characters of a configuration's name at most. */
export const NAME_LENGTH = 80;

/** All saved configurations of the account, the one that changed last first. */
export const configurationsQuery = queryOptions({
  queryKey: ['configurations'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/configurations', { signal }))).data.configurations,
});

/** Repeated with the same key, it still saves one. */
export async function saveConfiguration(name: string, settings: ConfigurationSettings, key: string): Promise<void> {
  await api.POST('/api/configurations', { body: { name, settings }, headers: { 'Idempotency-Key': key } });
}

export async function updateConfiguration(
  id: string,
  body: components['schemas']['UpdateConfiguration'],
): Promise<void> {
  await api.PATCH('/api/configurations/{id}', { params: { path: { id } }, body });
}

export async function deleteConfiguration(id: string): Promise<void> {
  await api.DELETE('/api/configurations/{id}', { params: { path: { id } } });
}
