import { queryOptions } from '@tanstack/react-query';
import { isUnauthenticated } from '@/lib/errors';
import { api, ok } from './client';
import type { components } from './schema';
import type { User } from './types';

/** Who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }): Promise<User | null> => {
    try {
      return (await ok(api.GET('/api/auth/me', { signal }))).data.user;
    } catch (error) {
      if (isUnauthenticated(error)) return null;
      throw error;
    }
  },
});

// The answers carry a token for programs; the page lives by the cookie that comes with them and forgets the token.

export async function login(body: components['schemas']['LoginRequest']): Promise<User> {
  return (await ok(api.POST('/api/auth/login', { body }))).data.user;
}

export async function signup(body: components['schemas']['SignupRequest']): Promise<User> {
  return (await ok(api.POST('/api/auth/signup', { body }))).data.user;
}

export async function logout(): Promise<void> {
  await api.POST('/api/auth/logout');
}
