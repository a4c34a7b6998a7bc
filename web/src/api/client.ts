import createClient from 'openapi-fetch';
import { BASE } from '@/lib/base';
import { ApiError, NetworkError } from '@/lib/errors';
import type { paths } from './schema';

/** The API. The session cookie goes along by itself; whatever is not a success is thrown. */
export const api = createClient<paths>({
  baseUrl: window.location.origin + BASE,
  credentials: 'same-origin',
  // Looked up at each call, so that tests can stand in for the server.
  fetch: (request) => fetch(request),
});

api.use({
  async onResponse({ response }) {
    if (response.ok) return;
    const body: unknown = await response.json().catch(() => null);
    throw new ApiError(response.status, body, Number(response.headers.get('retry-after')) || undefined);
  },
  onError({ error }) {
    return error instanceof TypeError ? new NetworkError() : undefined;
  },
});

/** What a call answered with. Failures have been thrown before. */
export async function ok<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new Error('The server answered without content.');
  return data;
}

interface Page {
  total: number;
  hasMore: boolean;
}

/** Where a list stands. */
export function pageOf(meta: { pagination?: Page } | undefined): Page {
  return { total: meta?.pagination?.total ?? 0, hasMore: meta?.pagination?.hasMore ?? false };
}
