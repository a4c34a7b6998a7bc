import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { confirmDataset, createDataset, deleteDataset } from '@/api/datasets';
import type { DatasetFormat } from '@/api/types';
import { sendFile } from './send-file';

export type UploadState =
  | { phase: 'choosing'; error?: unknown }
  | { phase: 'sending'; sent: number; total: number }
  | { phase: 'checking'; datasetId: string };

export interface UploadRequest {
  file: File;
  name: string;
  description: string;
  format: DatasetFormat;
}

/** Creates a data set, sends its file and has it validated. What was begun is taken back when the sending fails or is stopped. */
export function useUpload() {
  const client = useQueryClient();
  const [state, setState] = useState<UploadState>({ phase: 'choosing' });
  const running = useRef<AbortController | null>(null);

  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const start = async ({ file, ...about }: UploadRequest) => {
    const controller = new AbortController();
    running.current = controller;
    let created: string | undefined;
    setState({ phase: 'sending', sent: 0, total: file.size });
    try {
      const ticket = await createDataset({ ...about, fileName: file.name, fileSize: file.size });
      created = ticket.datasetId;
      controller.signal.throwIfAborted();
      const onProgress = (sent: number) => setState({ phase: 'sending', sent, total: file.size });
      await sendFile(ticket, file, { onProgress, signal: controller.signal });
      await confirmDataset(created);
      setState({ phase: 'checking', datasetId: created });
    } catch (error) {
      if (created) await deleteDataset(created).catch(() => undefined);
      setState(controller.signal.aborted ? { phase: 'choosing' } : { phase: 'choosing', error });
    } finally {
      running.current = null;
      void client.invalidateQueries({ queryKey: ['datasets'] });
    }
  };

  return { state, start, stop };
}
