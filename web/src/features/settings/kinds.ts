import type { NotificationType } from '@/api/types';
import { words } from '@/lib/format';

const KINDS: Record<NotificationType, { label: string; about: string }> = {
  job_queued: { label: 'Training Queued', about: 'A job waits for its machine' },
  job_started: { label: 'Training Started', about: 'A job begins' },
  job_complete: { label: 'Training Completed', about: 'A job is done and its model is there' },
  job_failed: { label: 'Training Failed', about: 'A job has failed' },
  job_cancelled: { label: 'Training Cancelled', about: 'A job was cancelled' },
  cost_alert: { label: 'Cost Alerts', about: 'Costs come near a limit' },
  dataset_ready: { label: 'Dataset Ready', about: 'A data set was checked' },
  dataset_failed: { label: 'Dataset Failed', about: 'A data set cannot be used' },
  account: { label: 'Account', about: 'Something about your account has changed' },
  weekly_summary: { label: 'Weekly Summary', about: 'What happened in a week' },
  system: { label: 'System', about: 'Messages of this server' },
};

export const EVENTS = Object.entries(KINDS).map(([value, { label }]) => ({ value: value as NotificationType, label }));

/** A kind of message as it is shown, also one that this page does not know yet. */
export function kindOf(type: string): { label: string; about: string } {
  return Object.entries(KINDS).find(([known]) => known === type)?.[1] ?? { label: words(type), about: '' };
}

/** Types in the order in which they are shown; what is not known comes last. */
export function inOrder(types: string[]): string[] {
  const order = Object.keys(KINDS);
  const place = (type: string) => (order.includes(type) ? order.indexOf(type) : order.length);
  return types.toSorted((a, b) => place(a) - place(b));
}
