/** How a link looks among the forms. */
export const LINK = 'font-medium text-blue-600 underline underline-offset-4';

/** The token of a link that was sent: in the fragment, which no server sees and no proxy logs. */
export function tokenOf(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || undefined;
}
