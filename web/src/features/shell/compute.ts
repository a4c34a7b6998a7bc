import { plural } from '@/lib/format';

export type ComputeLevel = 'ready' | 'short' | 'broken';

interface Answer<T> {
  data: T | undefined;
  failed: boolean;
}

/** How it stands with the server and its machines, in a few words; nothing before either is known. */
export function computeState(
  health: Answer<{ status: string; problems?: string[] }>,
  catalogue: Answer<{ instanceTypes: { displayName: string; available: boolean }[] }>,
): { level: ComputeLevel; text: string; detail: string } | undefined {
  if (health.failed) {
    return {
      level: 'broken',
      text: 'Server not reached',
      detail: 'It does not answer. This is tried again by itself.',
    };
  }
  if (health.data && health.data.status !== 'ok') {
    return { level: 'broken', text: 'Server degraded', detail: health.data.problems?.join('; ') ?? '' };
  }
  if (!catalogue.data) {
    return catalogue.failed ? { level: 'short', text: 'Compute status unknown', detail: '' } : undefined;
  }
  const all = catalogue.data.instanceTypes;
  const there = all.filter(({ available }) => available).map(({ displayName }) => displayName);
  const [only] = there;
  if (!only)
    return { level: 'short', text: 'No compute available', detail: 'The cluster has none of the instance types.' };
  const text = there.length === 1 ? `${only} ready` : `${plural(there.length, 'instance type')} ready`;
  return { level: 'ready', text, detail: there.join(', ') };
}
