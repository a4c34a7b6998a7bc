import { queryOptions } from '@tanstack/react-query';
import { BASE } from '@/lib/base';
import { NetworkError } from '@/lib/errors';
import type { components } from './schema';

type Health = components['schemas']['Health'];

/** How the server is. That it is unwell is an answer too, and comes with status 503. */
export const healthQuery = queryOptions({
  queryKey: ['health'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }): Promise<Health> => {
    const answer = await fetch(`${BASE}/readyz`, { signal });
    const health: unknown = await answer.json().catch(() => null);
    if (typeof health !== 'object' || health === null || !('version' in health)) throw new NetworkError();
    return health as Health;
  },
});
