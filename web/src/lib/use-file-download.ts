import { useEffect, useRef, useState } from 'react';
import { messageOf } from '@/lib/errors';
import { fetchFile } from '@/lib/fetch-file';
import { saveBlob, saveUrl } from '@/lib/save';

/** Larger files are handed to the browser, which writes them to disk as they come instead of holding them. */
const HELD = 512 * 1024 * 1024;

export type DownloadState =
  | { phase: 'idle' }
  | { phase: 'running'; received: number; total: number }
  | { phase: 'done'; fileName: string; total: number; note: string | undefined }
  | { phase: 'failed'; message: string };

export interface DownloadSource {
  /** Bytes that will come. */
  total: number;
  /** Where the file is, asked for when the download starts. */
  find: () => Promise<{ url: string; fileName: string }>;
  /** Holds what has come against what should have; a word about it, or it throws. */
  check?: (blob: Blob) => Promise<string | undefined>;
  onDone?: (fileName: string) => void;
}

/** Downloads a file with its progress; it can be stopped, and ends when what shows it goes. */
export function useFileDownload({ total, find, check, onDone }: DownloadSource) {
  const [state, setState] = useState<DownloadState>({ phase: 'idle' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = async () => {
    const controller = new AbortController();
    running.current = controller;
    setState({ phase: 'running', received: 0, total });
    try {
      const { url, fileName } = await find();
      if (total > HELD) {
        saveUrl(fileName, url);
        setState({ phase: 'idle' });
        return;
      }
      const onProgress = (received: number) => setState({ phase: 'running', received, total });
      const blob = await fetchFile(url, { onProgress, signal: controller.signal });
      const note = await check?.(blob);
      saveBlob(fileName, blob);
      setState({ phase: 'done', fileName, total: blob.size, note });
      onDone?.(fileName);
    } catch (error) {
      setState(controller.signal.aborted ? { phase: 'idle' } : { phase: 'failed', message: messageOf(error) });
    } finally {
      running.current = null;
    }
  };
  return { state, start: () => void start(), stop: () => running.current?.abort() };
}
