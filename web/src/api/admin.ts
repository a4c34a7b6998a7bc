import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, pageOf } from './client';
import type { components, operations } from './schema';

type Schemas = components['schemas'];

export type AdminUser = Schemas['AdminUser'];
export type Invitation = Schemas['Invitation'];
export type AdminInstance = Schemas['AdminInstance'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditAction = Schemas['AuditAction'];
export type Role = Schemas['Role'];
export type Tier = Schemas['Tier'];

export type UsersQuery = NonNullable<operations['listUsers']['parameters']['query']>;
export type AuditQuery = NonNullable<operations['listAuditLog']['parameters']['query']>;

export const usersQuery = (query: UsersQuery) =>
  queryOptions({
    queryKey: ['admin', 'users', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/admin/users', { params: { query }, signal }));
      return { users: data.users, ...pageOf(meta) };
    },
    placeholderData: keepPreviousData,
  });

export async function updateUser(id: string, body: Schemas['UpdateUser']): Promise<AdminUser> {
  return (await ok(api.PATCH('/api/admin/users/{id}', { params: { path: { id } }, body }))).data.user;
}

/** A link with which an account's owner chooses a new password. */
export async function createResetLink(id: string): Promise<Schemas['PasswordResetLink']> {
  return (await ok(api.POST('/api/admin/users/{id}/password-reset', { params: { path: { id } } }))).data;
}

export const invitationsQuery = (page: number) =>
  queryOptions({
    queryKey: ['admin', 'invitations', page],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/admin/invitations', { params: { query: { page } }, signal }));
      return { invitations: data.invitations, ...pageOf(meta) };
    },
    placeholderData: keepPreviousData,
  });

export async function createInvitation(body: Schemas['CreateInvitation']): Promise<Schemas['MadeInvitation']> {
  return (await ok(api.POST('/api/admin/invitations', { body }))).data;
}

export async function revokeInvitation(id: string): Promise<void> {
  await api.DELETE('/api/admin/invitations/{id}', { params: { path: { id } } });
}

export const instancesQuery = queryOptions({
  queryKey: ['admin', 'instances'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/admin/instances', { signal }))).data.instances,
});

export async function updateInstance(id: string, body: Schemas['UpdateInstance']): Promise<AdminInstance> {
  return (await ok(api.PATCH('/api/admin/instances/{id}', { params: { path: { id } }, body }))).data.instance;
}

export const auditQuery = (query: AuditQuery) =>
  queryOptions({
    queryKey: ['admin', 'audit', query],
    queryFn: async ({ signal }) => {
      const { data, meta } = await ok(api.GET('/api/admin/audit', { params: { query }, signal }));
      return { entries: data.entries, ...pageOf(meta) };
    },
    placeholderData: keepPreviousData,
  });
