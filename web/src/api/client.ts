import { ApiError, NetworkError } from '@/lib/errors';

type Query = Record<string, string | number | boolean | undefined>;

interface Envelope<T, M> {
  success: true;
  data: T;
  meta: M;
}

/** One call of the API; the session cookie goes along by itself. */
export async function call<T, M = undefined>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options: { query?: Query; body?: unknown; signal?: AbortSignal } = {},
): Promise<Envelope<T, M>> {
  const url = new URL(path, window.location.origin);
  for (const [key, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  const response = await fetch(url, {
    method,
    signal: options.signal ?? null,
    headers: options.body === undefined ? {} : { 'content-type': 'application/json' },
    body: options.body === undefined ? null : JSON.stringify(options.body),
  }).catch((error: unknown) => {
    throw error instanceof TypeError ? new NetworkError() : error;
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    throw new ApiError(response.status, body, Number(response.headers.get('retry-after')) || undefined);
  }
  return body as Envelope<T, M>;
}
