import { usd } from '@/lib/format';

/** What is wrong with an amount as it is typed, or nothing. Empty means none. */
export function amountFault(
  typed: string,
  { most, mostIs = '', decimals = 2 }: { most?: number | undefined; mostIs?: string; decimals?: number } = {},
): string | undefined {
  const text = typed.trim();
  if (text === '') return undefined;
  if (!new RegExp(`^\\d+(\\.\\d{1,${decimals}})?$`).test(text)) {
    return 'Enter an amount in dollars, such as 250 or 99.50.';
  }
  if (most !== undefined && Number(text) > most) return `At most ${usd(most)}${mostIs}.`;
  return undefined;
}

/** What is saved; null takes it back. */
export function amountOf(typed: string): number | null {
  return typed.trim() === '' ? null : Number(typed.trim());
}
