import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { BASE } from '@/lib/base';
import { api, ok, pageOf } from './client';
import type { components, operations } from './schema';
import type { Dataset, DatasetFix, DatasetFormat, DatasetUpload } from './types';

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

/** Takes a deletion back. */
export async function restoreDataset(id: string): Promise<void> {
  await api.POST('/api/datasets/{id}/restore', { params: { path: { id } } });
}

/** What fixes would do. */
export const fixPreviewQuery = (id: string, fixes: DatasetFix[]) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id, 'fixes', fixes],
    // The file does not change, and neither does what a fix does with it.
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const params = { path: { id } };
      const { data } = await ok(
        api.POST('/api/datasets/{id}/fixes', { params, body: { fixes, preview: true }, signal }),
      );
      if (!data.preview) throw new Error('The server answered without a preview.');
      return data.preview;
    },
  });

/** Makes a new version with the fixes; its id. Repeated with the same key, it still makes one. */
export async function applyFixes(
  id: string,
  body: { fixes: DatasetFix[]; name?: string },
  key: string,
): Promise<string> {
  const params = { path: { id }, header: { 'Idempotency-Key': key } };
  const { data } = await ok(api.POST('/api/datasets/{id}/fixes', { params, body }));
  if (!data.datasetId) throw new Error('The server answered without the new version.');
  return data.datasetId;
}

async function conversationPage(
  id: string,
  query: { cursor?: string; limit: number; search?: string },
  signal: AbortSignal,
) {
  const params = { path: { id }, query };
  const { data, meta } = await ok(api.GET('/api/datasets/{id}/conversations', { params, signal }));
  return { ...data, next: meta?.cursor?.next };
}

/** A page of a data set's conversations, from where the page before ended. */
export const conversationsQuery = (id: string, cursor: string | undefined) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id, 'conversations', cursor ?? ''],
    staleTime: 60_000,
    queryFn: ({ signal }) => conversationPage(id, { limit: 20, ...(cursor && { cursor }) }, signal),
  });

/** The conversations of a data set that hold a text, page after page as they are asked for. */
export const foundConversationsQuery = (id: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ['datasets', 'detail', id, 'found-conversations', search],
    staleTime: 5 * 60_000,
    gcTime: 60_000,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      conversationPage(id, { limit: 50, search, ...(pageParam && { cursor: pageParam }) }, signal),
    getNextPageParam: (last) => last.next,
  });

/** What an export in a format would hold, and lose. */
export const exportReportQuery = (id: string, format: DatasetFormat) =>
  queryOptions({
    queryKey: ['datasets', 'detail', id, 'export', format],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/datasets/{id}/export/report', { params: { path: { id }, query: { format } }, signal })))
        .data,
  });

/** Where an export is to be had. */
export const exportUrl = (id: string, format: DatasetFormat) =>
  `${BASE}/api/datasets/${encodeURIComponent(id)}/export?format=${encodeURIComponent(format)}`;
