import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from './client';
import type { Dataset, DatasetDetail, Pagination } from './types';

export type DatasetSort =
  | 'date-desc'
  | 'date-asc'
  | 'name-asc'
  | 'name-desc'
  | 'size-desc'
  | 'size-asc'
  | 'quality-desc'
  | 'quality-asc';

export interface DatasetsQuery {
  page?: number;
  pageSize?: number;
  sortBy?: DatasetSort;
  format?: string;
  trainingReady?: 'true' | 'false';
  search?: string;
}

/** Whether the server is still working on it, so that it is worth asking again. */
export const isPending = (dataset: Dataset) => dataset.status === 'uploading' || dataset.status === 'validating';

export const datasetsQuery = (query: DatasetsQuery) =>
  queryOptions({
    queryKey: ['datasets', 'list', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await call<{ datasets: Dataset[] }, { pagination: Pagination }>('GET', '/api/datasets', {
        query: { ...query },
        signal,
      });
      return { datasets: data.datasets, total: meta.pagination.total, hasMore: meta.pagination.hasMore };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.datasets.some((d) => d.status === 'validating') ? 1500 : false),
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id],
    queryFn: async ({ signal }) =>
      (await call<{ dataset: DatasetDetail }>('GET', `/api/datasets/${id}`, { signal })).data.dataset,
    refetchInterval: ({ state }) => (state.data?.status === 'validating' ? 1000 : false),
  });

export interface UploadTicket {
  datasetId: string;
  uploadUrl: string;
  uploadMethod: string;
  uploadHeaders: Record<string, string>;
}

export async function createDataset(body: {
  name: string;
  description: string;
  format: string;
  fileName: string;
  fileSize: number;
}): Promise<UploadTicket> {
  return (await call<UploadTicket>('POST', '/api/datasets', { body })).data;
}

export async function confirmDataset(id: string): Promise<void> {
  await call('POST', `/api/datasets/${id}/confirm`);
}

export async function updateDataset(id: string, body: { name?: string; description?: string }): Promise<void> {
  await call('PATCH', `/api/datasets/${id}`, { body });
}

export async function deleteDataset(id: string): Promise<void> {
  await call('DELETE', `/api/datasets/${id}`);
}

/** Sums over all of the caller's data sets. */
export const datasetTotalsQuery = queryOptions({
  queryKey: ['datasets', 'totals'],
  queryFn: async ({ signal }) => {
    const totals = { datasets: 0, ready: 0, conversations: 0, pairs: 0 };
    for (let page = 1, hasMore = true; hasMore; page++) {
      const { data, meta } = await call<{ datasets: Dataset[] }, { pagination: Pagination }>('GET', '/api/datasets', {
        query: { page, pageSize: 100 },
        signal,
      });
      for (const dataset of data.datasets) {
        totals.datasets += 1;
        totals.ready += Number(dataset.trainingReady);
        totals.conversations += dataset.totalConversations;
        totals.pairs += dataset.totalTrainingPairs;
      }
      hasMore = meta.pagination.hasMore;
    }
    return totals;
  },
});
