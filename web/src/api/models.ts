import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';
import type { components, operations } from './schema';
import type { ArtifactKind, Model } from './types';

export const modelsQuery = (query: NonNullable<operations['listModels']['parameters']['query']>) =>
  queryOptions({
    queryKey: ['models', 'list', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/models', { params: { query }, signal }));
      return { models: data.models, ...pageOf(meta) };
    },
    placeholderData: keepPreviousData,
  });

export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', 'detail', id],
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/models/{id}', { params: { path: { id } }, signal }))).data.model,
  });

/** Every model that was trained on a data set, newest first. */
export const versionsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['models', 'versions', datasetId],
    queryFn: async ({ signal }) => {
      const found: Model[] = [];
      for (let page = 1; ; page++) {
        const query = { page, pageSize: 100, status: 'all', sortBy: 'created-desc' } as const;
        const { data, meta } = await ok(api.GET('/api/models', { params: { query }, signal }));
        found.push(...data.models.filter((model) => model.datasetId === datasetId));
        if (!pageOf(meta).hasMore) return found;
      }
    },
  });

/** A signed address of one file of a model, or of all in one zip. */
export async function downloadLink(id: string, artifact: ArtifactKind) {
  return (await ok(api.GET('/api/models/{id}/download', { params: { path: { id }, query: { artifact } } }))).data;
}

export async function updateModel(id: string, body: components['schemas']['UpdateModel']): Promise<void> {
  await api.PATCH('/api/models/{id}', { params: { path: { id } }, body });
}

export async function deleteModel(id: string): Promise<void> {
  await api.DELETE('/api/models/{id}', { params: { path: { id } } });
}

/** Takes a deletion back. */
export async function restoreModel(id: string): Promise<void> {
  await api.POST('/api/models/{id}/restore', { params: { path: { id } } });
}
