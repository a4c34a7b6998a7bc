import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

export const webhooksQuery = (page: number) =>
  queryOptions({
    queryKey: ['webhooks', 'list', page],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/webhooks', { params: { query: { page } }, signal }));
      return { webhooks: data.webhooks, ...pageOf(meta) };
    },
    placeholderData: keepPreviousData,
  });

/** What was sent to a webhook; looked at again and again while something is on its way. */
export const deliveriesQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: ['webhooks', 'deliveries', id, page],
    queryFn: async ({ signal }) => {
      const params = { path: { id }, query: { page, pageSize: 10 } };
      const { data, meta } = await ok(api.GET('/api/webhooks/{id}/deliveries', { params, signal }));
      return { deliveries: data.deliveries, ...pageOf(meta) };
    },
    refetchInterval: ({ state }) =>
      state.data?.deliveries.some((delivery) => delivery.status === 'pending') ? 2000 : 15_000,
    placeholderData: keepPreviousData,
  });

export async function createWebhook(body: Schemas['CreateWebhook']): Promise<Schemas['CreatedWebhook']> {
  return (await ok(api.POST('/api/webhooks', { body }))).data;
}

export async function updateWebhook(id: string, body: Schemas['UpdateWebhook']): Promise<void> {
  await api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body });
}

export async function deleteWebhook(id: string): Promise<void> {
  await api.DELETE('/api/webhooks/{id}', { params: { path: { id } } });
}

export async function testWebhook(id: string): Promise<void> {
  await api.POST('/api/webhooks/{id}/test', { params: { path: { id } } });
}
