import { BASE } from '@/lib/base';

/** The address that takes a token: the server's own where it knows it, otherwise of the page that is open. */
export function linkOf(made: { token: string; url?: string }, path: '/signup' | '/reset-password'): string {
  return made.url ?? `${window.location.origin}${BASE}${path}#token=${made.token}`;
}
