export const TABS = ['profile', 'security', 'cluster', 'keys', 'notifications', 'billing', 'webhooks'] as const;
export type SettingsTab = (typeof TABS)[number];

export const isTab = (value: unknown): value is SettingsTab => TABS.some((tab) => tab === value);
