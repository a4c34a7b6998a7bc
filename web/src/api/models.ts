import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from './client';
import type { Model, Pagination, Signed } from './types';

export const modelsQuery = (query: { page?: number; pageSize?: number; status?: string }) =>
  queryOptions({
    queryKey: ['models', 'list', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await call<{ models: Model[] }, { pagination: Pagination }>('GET', '/api/models', {
        query: { ...query },
        signal,
      });
      return { models: data.models, total: meta.pagination.total, hasMore: meta.pagination.hasMore };
    },
    placeholderData: keepPreviousData,
  });

export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', 'detail', id],
    queryFn: async ({ signal }) => (await call<{ model: Model }>('GET', `/api/models/${id}`, { signal })).data.model,
  });

/** A signed address of one file of a model, or of all in one zip. */
export async function downloadLink(id: string, artifact: string): Promise<Signed> {
  return (await call<Signed>('GET', `/api/models/${id}/download`, { query: { artifact } })).data;
}
