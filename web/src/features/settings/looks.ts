import type { LucideIcon } from 'lucide-react';
import { BellIcon, DollarSignIcon, KeyIcon, ServerIcon, ShieldIcon, UserIcon, WebhookIcon } from 'lucide-react';
import type { SettingsTab } from './tabs';

/** How each tab is named. */
export const LOOKS: Record<SettingsTab, { label: string; icon: LucideIcon }> = {
  profile: { label: 'Profile', icon: UserIcon },
  security: { label: 'Security', icon: ShieldIcon },
  cluster: { label: 'Cluster', icon: ServerIcon },
  keys: { label: 'API Keys', icon: KeyIcon },
  notifications: { label: 'Notifications', icon: BellIcon },
  billing: { label: 'Billing', icon: DollarSignIcon },
  webhooks: { label: 'Webhooks', icon: WebhookIcon },
};
