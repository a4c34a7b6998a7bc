import type { ExternalToast } from 'sonner';

type Kind = 'success' | 'error' | 'info';

let place: (() => void) | undefined;
let mounted: () => void = () => {};
const shown = new Promise<void>((resolve) => {
  mounted = resolve;
});

/** Short messages at the corner. What shows them is no part of the first load: it comes when the page has come to rest, or with the first. */
export const toast = {
  success: (message: string, options?: ExternalToast) => void show('success', message, options),
  error: (message: string, options?: ExternalToast) => void show('error', message, options),
  info: (message: string, options?: ExternalToast) => void show('info', message, options),
};

async function show(kind: Kind, message: string, options?: ExternalToast): Promise<void> {
  place?.();
  // biome-ignore lint/style/noRestrictedImports: this is where it comes in, on demand
  const [sonner] = await Promise.all([import('sonner'), shown]);
  sonner.toast[kind](message, options);
}

/** Who is told that a message wants a place. */
export function onFirstToast(tell: () => void): () => void {
  place = tell;
  return () => {
    place = undefined;
  };
}

/** The place is there. */
export const toasterMounted = () => mounted();
