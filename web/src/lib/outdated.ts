import { BASE } from '@/lib/base';

/** Loads the page anew when the server has another version of it than this one. */
export async function reloadIfOutdated(): Promise<void> {
  const entry = document.querySelector<HTMLScriptElement>('script[type=module][src]')?.getAttribute('src');
  const answer = await fetch(`${BASE}/`, { cache: 'no-store' }).catch(() => null);
  if (!entry || !answer?.ok) return;
  if (!(await answer.text()).includes(entry)) window.location.reload();
}

/** Whether a part of the page could not be fetched: each browser has words of its own for it. */
export const isMissingPart = (error: unknown) =>
  error instanceof Error && /dynamically imported module|module script failed|Unable to preload/i.test(error.message);
