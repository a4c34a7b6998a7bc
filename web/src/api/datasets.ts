import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';
import type { components, operations } from './schema';
import type { Dataset, DatasetUpload } from './types';

export type DatasetsQuery = NonNullable<operations['listDatasets']['parameters']['query']>;

/** Whether its file is still on the way or being read. */
export const isPending = (dataset: Pick<Dataset, 'status'>) =>
  dataset.status === 'uploading' || dataset.status === 'validating';

export const datasetsQuery = (query: DatasetsQuery) =>
  queryOptions({
    queryKey: ['datasets', 'list', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/datasets', { params: { query }, signal }));
      return { datasets: data.datasets, ...pageOf(meta), stats: meta?.stats };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.datasets.some((d) => d.status === 'validating') ? 1500 : false),
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id],
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/datasets/{id}', { params: { path: { id } }, signal }))).data.dataset,
    refetchInterval: ({ state }) => (state.data?.status === 'validating' ? 700 : false),
  });

export async function createDataset(body: components['schemas']['CreateDataset']): Promise<DatasetUpload> {
  return (await ok(api.POST('/api/datasets', { body }))).data;
}

/** Makes a data set of the sample that comes with the server. Repeated with the same key, it still makes one. */
export async function createSample(key: string) {
  return (await ok(api.POST('/api/datasets/sample', { headers: { 'Idempotency-Key': key } }))).data;
}

export async function updateDataset(id: string, body: components['schemas']['UpdateDataset']): Promise<void> {
  await api.PATCH('/api/datasets/{id}', { params: { path: { id } }, body });
}

/** Looks at the first 100 KB of a file before it is uploaded. */
export async function inspectHead(body: components['schemas']['ValidateHead'], signal: AbortSignal) {
  return (await ok(api.POST('/api/datasets/validate', { body, signal }))).data;
}

export async function confirmDataset(id: string): Promise<void> {
  await api.POST('/api/datasets/{id}/confirm', { params: { path: { id } } });
}

export async function deleteDataset(id: string): Promise<void> {
  await api.DELETE('/api/datasets/{id}', { params: { path: { id } } });
}
