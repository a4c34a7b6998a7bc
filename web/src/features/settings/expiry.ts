const DAY = 86_400_000;

/** How long a key can be good for; nothing means until it is revoked. */
export const LIFETIMES = [
  { value: '30', label: '30 days', days: 30 },
  { value: '90', label: '90 days', days: 90 },
  { value: '365', label: '1 year', days: 365 },
  { value: 'never', label: 'Until it is revoked', days: undefined },
] as const;

export type Lifetime = (typeof LIFETIMES)[number]['value'];

/** The moment from which a key made at `now` is not accepted any more. */
export function expiryOf(lifetime: Lifetime, now: number): string | undefined {
  const days = LIFETIMES.find(({ value }) => value === lifetime)?.days;
  return days === undefined ? undefined : new Date(now + days * DAY).toISOString();
}

export const isOver = (expiresAt: string | undefined, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;
