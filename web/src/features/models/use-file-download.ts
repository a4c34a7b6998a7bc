import { useEffect, useRef, useState } from 'react';
import { downloadLink } from '@/api/models';
import type { ArtifactKind, ModelFile } from '@/api/types';
import { celebrate } from '@/lib/confetti';
import { messageOf } from '@/lib/errors';
import { fetchFile, sha256 } from '@/lib/fetch-file';
import { saveBlob, saveUrl } from '@/lib/save';
import { toast } from '@/lib/toast';

/** Larger files are handed to the browser, which writes them to disk as they come instead of holding them. */
const HELD = 512 * 1024 * 1024;

export type DownloadState =
  | { phase: 'idle' }
  | { phase: 'running'; received: number; total: number }
  | { phase: 'done'; fileName: string; total: number; verified: boolean }
  | { phase: 'failed'; message: string };

class WrongChecksum extends Error {}

/** Downloads one file of a model with its progress, and holds it against its checksum before it is saved. */
export function useFileDownload(modelId: string, kind: ArtifactKind, file: ModelFile) {
  const [state, setState] = useState<DownloadState>({ phase: 'idle' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = async () => {
    const controller = new AbortController();
    running.current = controller;
    const total = file.size;
    setState({ phase: 'running', received: 0, total });
    try {
      const link = await downloadLink(modelId, kind);
      if (total > HELD) {
        saveUrl(link.fileName, link.downloadUrl);
        setState({ phase: 'idle' });
        return;
      }
      const onProgress = (received: number) => setState({ phase: 'running', received, total });
      const blob = await fetchFile(link.downloadUrl, { onProgress, signal: controller.signal });
      const found = await sha256(blob);
      if (found !== undefined && found !== file.checksum) {
        throw new WrongChecksum(
          'The file that arrived is not the one that was stored: its checksum differs. Try again.',
        );
      }
      saveBlob(link.fileName, blob);
      setState({ phase: 'done', fileName: link.fileName, total, verified: found !== undefined });
      toast.success('Download Complete! 🎉', { description: link.fileName });
      void celebrate(50, 50);
    } catch (error) {
      setState(controller.signal.aborted ? { phase: 'idle' } : { phase: 'failed', message: messageOf(error) });
    } finally {
      running.current = null;
    }
  };
  return { state, start: () => void start(), stop: () => running.current?.abort() };
}
