import { useCallback, useState } from 'react';

/**
 * Code that is loaded when it is first wanted; `load` has to be the same at each call. `want` tells whether it is there then: a part that
 * could not be loaded can be wanted again.
 */
export function usePart<T>(load: () => Promise<T>): [part: T | undefined, want: () => Promise<boolean>] {
  const [part, setPart] = useState<T>();
  const want = useCallback(async () => {
    try {
      const loaded = await load();
      setPart(() => loaded);
      return true;
    } catch {
      return false;
    }
  }, [load]);
  return [part, want];
}
