import { useState } from 'react';
import type { Job } from '@/api/types';
import { useNow } from '@/lib/use-now';

/** Seconds on the GPU, ticking while it runs; nothing before the start. */
export function useElapsed(job: Pick<Job, 'status' | 'elapsedSeconds' | 'startedAt'>): number | undefined {
  const running = job.status === 'running';
  const now = useNow(1000, running);
  // The server's figure holds for the moment at which it arrived.
  const [known, setKnown] = useState({ seconds: job.elapsedSeconds, at: Date.now() });
  if (known.seconds !== job.elapsedSeconds) setKnown({ seconds: job.elapsedSeconds, at: Date.now() });
  if (!job.startedAt) return undefined;
  return running ? known.seconds + Math.max(0, now - known.at) / 1000 : job.elapsedSeconds;
}
