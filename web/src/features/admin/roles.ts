import type { Role, Tier } from '@/api/admin';

export const ROLES: readonly { value: Role; label: string }[] = [
  { value: 'user', label: 'User' },
  { value: 'billing_admin', label: 'Billing administrator' },
  { value: 'admin', label: 'Administrator' },
];

export const TIERS: readonly { value: Tier; label: string }[] = [
  { value: 'free', label: 'Free' },
  { value: 'starter', label: 'Starter' },
  { value: 'professional', label: 'Professional' },
  { value: 'enterprise', label: 'Enterprise' },
];

const labelOf = (options: readonly { value: string; label: string }[], value: string) =>
  options.find((option) => option.value === value)?.label ?? value;

export const roleLabel = (role: Role) => labelOf(ROLES, role);
export const tierLabel = (tier: Tier) => labelOf(TIERS, tier);
