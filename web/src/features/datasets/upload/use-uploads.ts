import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { confirmDataset, createDataset, deleteDataset } from '@/api/datasets';
import type { Entry } from './entries';
import { sendFile } from './send-file';

export type Phase =
  | { phase: 'waiting' }
  | { phase: 'sending'; sent: number }
  | { phase: 'checking'; datasetId: string }
  | { phase: 'stopped' }
  | { phase: 'failed'; error: unknown };

export interface Upload {
  entry: Entry;
  state: Phase;
}

/** Files that are sent at the same time; the others wait. */
const AT_ONCE = 2;

/** Whether bytes are on the way, or will be. */
export const isOnTheWay = ({ state }: Upload) => state.phase === 'waiting' || state.phase === 'sending';

/**
 * Creates data sets, sends their files and has them validated, a few at a time. What was begun is taken back when the sending fails or is
 * stopped.
 */
export function useUploads() {
  const client = useQueryClient();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const running = useRef(new Map<string, AbortController>());

  const set = useCallback((key: string, state: Phase) => {
    setUploads((old) => old.map((upload) => (upload.entry.key === key ? { ...upload, state } : upload)));
  }, []);

  const send = useCallback(
    async ({ key, file, name, description, format }: Entry) => {
      const controller = new AbortController();
      running.current.set(key, controller);
      let created: string | undefined;
      set(key, { phase: 'sending', sent: 0 });
      try {
        const about = { name: name.trim(), description: description.trim(), format };
        const ticket = await createDataset({ ...about, fileName: file.name, fileSize: file.size });
        created = ticket.datasetId;
        controller.signal.throwIfAborted();
        const onProgress = (sent: number) => set(key, { phase: 'sending', sent });
        await sendFile(ticket, file, { onProgress, signal: controller.signal });
        await confirmDataset(created);
        set(key, { phase: 'checking', datasetId: created });
      } catch (error) {
        if (created) await deleteDataset(created).catch(() => undefined);
        set(key, controller.signal.aborted ? { phase: 'stopped' } : { phase: 'failed', error });
      } finally {
        running.current.delete(key);
        void client.invalidateQueries({ queryKey: ['datasets', 'list'] });
      }
    },
    [client, set],
  );

  // Whoever waits goes next as soon as there is room.
  useEffect(() => {
    const waiting = uploads.filter(({ entry, state }) => state.phase === 'waiting' && !running.current.has(entry.key));
    for (const { entry } of waiting.slice(0, Math.max(0, AT_ONCE - running.current.size))) void send(entry);
  }, [uploads, send]);

  // Leaving the page stops what is on the way.
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const controller of all.values()) controller.abort();
    };
  }, []);

  return {
    uploads,
    start: (entries: Entry[]) => setUploads(entries.map((entry) => ({ entry, state: { phase: 'waiting' } }))),
    stop: (key: string) => {
      const sending = running.current.get(key);
      if (sending) sending.abort();
      else set(key, { phase: 'stopped' });
    },
    retry: (key: string) => set(key, { phase: 'waiting' }),
    reset: () => setUploads([]),
  };
}
