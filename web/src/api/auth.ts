import { queryOptions } from '@tanstack/react-query';
import { isUnauthenticated } from '@/lib/errors';
import { call } from './client';
import type { User } from './types';

/** Who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }): Promise<User | null> => {
    try {
      return (await call<{ user: User }>('GET', '/api/auth/me', { signal })).data.user;
    } catch (error) {
      if (isUnauthenticated(error)) return null;
      throw error;
    }
  },
});

export async function login(body: { email: string; password: string }): Promise<User> {
  return (await call<{ user: User }>('POST', '/api/auth/login', { body })).data.user;
}

export async function signup(body: {
  email: string;
  password: string;
  name: string;
  organization?: string;
}): Promise<User> {
  return (await call<{ user: User }>('POST', '/api/auth/signup', { body })).data.user;
}

export async function logout(): Promise<void> {
  await call('POST', '/api/auth/logout');
}
