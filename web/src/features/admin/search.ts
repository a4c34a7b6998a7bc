/** What the address says about the lists of the administration. */
import type { SearchSchemaInput } from '@tanstack/react-router';
import type { AuditAction, AuditQuery, Role, Tier, UsersQuery } from '@/api/admin';
import { ACTIONS } from './audit/actions';
import { ROLES, TIERS } from './roles';

export const pageFrom = (raw: unknown): number => (Number.isInteger(raw) && Number(raw) > 0 ? Number(raw) : 1);

export interface UsersSearch {
  search: string;
  role: 'all' | Role;
  tier: 'all' | Tier;
  /** Whether they may log in. */
  access: 'all' | 'enabled' | 'disabled';
  page: number;
}

export const USERS: UsersSearch = { search: '', role: 'all', tier: 'all', access: 'all', page: 1 };

export const ACCESS = [
  { value: 'all', label: 'All Accounts' },
  { value: 'enabled', label: 'Enabled' },
  { value: 'disabled', label: 'Disabled' },
] as const;

export function parseUsersSearch(raw: { [K in keyof UsersSearch]?: unknown } & SearchSchemaInput): UsersSearch {
  return {
    // A text of digits arrives as a number.
    search: typeof raw.search === 'string' || typeof raw.search === 'number' ? String(raw.search) : '',
    role: ROLES.find(({ value }) => value === raw.role)?.value ?? 'all',
    tier: TIERS.find(({ value }) => value === raw.tier)?.value ?? 'all',
    access: ACCESS.find(({ value }) => value === raw.access)?.value ?? 'all',
    page: pageFrom(raw.page),
  };
}

export function usersRequest({ search, role, tier, access, page }: UsersSearch): UsersQuery {
  return {
    page,
    ...(search.trim() && { search: search.trim() }),
    ...(role !== 'all' && { role }),
    ...(tier !== 'all' && { tier }),
    ...(access !== 'all' && { disabled: access === 'disabled' ? ('true' as const) : ('false' as const) }),
  };
}

export interface AuditSearch {
  action: 'all' | AuditAction;
  /** An account's id: what it did, and what was done to it. */
  user?: string | undefined;
  page: number;
}

export const AUDIT = { action: 'all', page: 1 } as const satisfies AuditSearch;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** An id as the API takes it, or nothing. */
const idFrom = (raw: unknown): string | undefined => (typeof raw === 'string' && UUID.test(raw) ? raw : undefined);

export function parseAuditSearch(raw: { [K in keyof AuditSearch]?: unknown } & SearchSchemaInput): AuditSearch {
  const user = idFrom(raw.user);
  return {
    action: ACTIONS.find(({ value }) => value === raw.action)?.value ?? 'all',
    ...(user && { user }),
    page: pageFrom(raw.page),
  };
}

export function auditRequest({ action, user, page }: AuditSearch): AuditQuery {
  return { page, ...(action !== 'all' && { action }), ...(user && { userId: user }) };
}
