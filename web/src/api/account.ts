import { queryOptions } from '@tanstack/react-query';
import { BASE } from '@/lib/base';
import { api, ok } from './client';
import type { components } from './schema';
import type { User } from './types';

type Schemas = components['schemas'];

/** Who may sign up, and whether a forgotten password can be reset by mail. */
export const entryOptionsQuery = queryOptions({
  queryKey: ['entry-options'],
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await ok(api.GET('/api/auth/options', { signal }))).data,
});

export async function forgotPassword(email: string): Promise<void> {
  await api.POST('/api/auth/password/forgot', { body: { email } });
}

export async function resetPassword(body: Schemas['ResetPassword']): Promise<void> {
  await api.POST('/api/auth/password/reset', { body });
}

export async function verifyEmail(token: string): Promise<void> {
  await api.POST('/api/auth/email/verify', { body: { token } });
}

export async function sendVerification(): Promise<void> {
  await api.POST('/api/auth/email/send-verification');
}

export async function updateMe(body: Schemas['UpdateMe']): Promise<User> {
  return (await ok(api.PATCH('/api/auth/me', { body }))).data.user;
}

/** The account as it is now, and the address that it gets once the link that was sent there is opened. */
export async function changeEmail(body: { email: string; currentPassword: string }) {
  return (await ok(api.PATCH('/api/auth/me', { body }))).data;
}

export async function changePassword(body: Schemas['ChangePassword']): Promise<void> {
  await api.POST('/api/auth/password', { body });
}

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/auth/sessions', { signal }))).data.sessions,
});

export async function revokeSession(id: string): Promise<void> {
  await api.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } });
}

export async function revokeOtherSessions(): Promise<void> {
  await api.POST('/api/auth/sessions/revoke-others');
}

export const keysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/auth/keys', { signal }))).data.keys,
});

export async function createKey(body: Schemas['CreateApiKey']): Promise<Schemas['MadeApiKey']> {
  return (await ok(api.POST('/api/auth/keys', { body }))).data;
}

export async function revokeKey(id: string): Promise<void> {
  await api.DELETE('/api/auth/keys/{id}', { params: { path: { id } } });
}

/** Where everything of the account's is to be had in one ZIP. */
export const EXPORT_URL = `${BASE}/api/auth/me/export`;

/** The account with the day on which it goes. */
export async function requestDeletion(password: string): Promise<User> {
  return (await ok(api.POST('/api/auth/me/deletion', { body: { password } }))).data.user;
}

export async function cancelDeletion(): Promise<User> {
  return (await ok(api.DELETE('/api/auth/me/deletion'))).data.user;
}
