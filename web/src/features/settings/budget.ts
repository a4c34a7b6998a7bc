import { usd } from '@/lib/format';

/** A budget as it is typed: empty means none of one's own. What is wrong with it, or nothing. */
export function budgetFault(typed: string, allowed: number | undefined): string | undefined {
  const text = typed.trim();
  if (text === '') return undefined;
  if (!/^\d+(\.\d{1,2})?$/.test(text)) return 'Enter an amount in dollars, such as 250 or 99.50.';
  if (allowed !== undefined && Number(text) > allowed) return `At most ${usd(allowed)}, which is what you are allowed.`;
  return undefined;
}

/** What is saved; null takes the budget back. */
export function budgetOf(typed: string): number | null {
  return typed.trim() === '' ? null : Number(typed.trim());
}
