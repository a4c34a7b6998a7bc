import type { LucideIcon } from 'lucide-react';
import { KeyIcon, ServerIcon, ShieldIcon, UserIcon } from 'lucide-react';

export const TABS = ['profile', 'security', 'cluster', 'keys'] as const;
export type SettingsTab = (typeof TABS)[number];

export const LOOKS: Record<SettingsTab, { label: string; icon: LucideIcon }> = {
  profile: { label: 'Profile', icon: UserIcon },
  security: { label: 'Security', icon: ShieldIcon },
  cluster: { label: 'Cluster', icon: ServerIcon },
  keys: { label: 'API Keys', icon: KeyIcon },
};

export const isTab = (value: unknown): value is SettingsTab => TABS.some((tab) => tab === value);
