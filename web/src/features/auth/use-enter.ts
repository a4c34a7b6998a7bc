import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { meQuery } from '@/api/auth';
import type { User } from '@/api/types';

/** What happens once somebody is signed in: the page that was asked for opens, with nothing left of an earlier account. */
export function useEnter() {
  const client = useQueryClient();
  const router = useRouter();
  const { redirect } = useSearch({ from: '/_auth' });
  return async (user: User) => {
    client.clear();
    client.setQueryData(meQuery.queryKey, user);
    await router.navigate({ href: redirect ?? '/', replace: true });
  };
}
