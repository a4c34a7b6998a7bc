import type { AccountSettings, NotificationChannels } from '@/api/types';

export type Preferences = AccountSettings['notifications'];
export type Channel = keyof NotificationChannels;

export const CHANNELS: { channel: Channel; label: string; by: string }[] = [
  { channel: 'inApp', label: 'In app', by: 'in the app' },
  { channel: 'mail', label: 'Mail', by: 'by mail' },
  { channel: 'webhook', label: 'Webhook', by: 'to webhooks' },
];

/** What differs, and nothing else, so that what another tab has changed meanwhile stays. */
export function changes(saved: Preferences, edited: Preferences): Record<string, Partial<NotificationChannels>> {
  const found: Record<string, Partial<NotificationChannels>> = {};
  for (const [type, channels] of Object.entries(edited)) {
    const differs = CHANNELS.filter(({ channel }) => channels[channel] !== saved[type]?.[channel]);
    if (differs.length === 0) continue;
    found[type] = Object.fromEntries(differs.map(({ channel }) => [channel, channels[channel]]));
  }
  return found;
}
