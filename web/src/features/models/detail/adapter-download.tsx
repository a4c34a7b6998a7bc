import { DownloadIcon } from 'lucide-react';
import { downloadLink } from '@/api/models';
import type { Model } from '@/api/types';
import { DownloadState } from '@/components/download-state';
import { Button } from '@/components/ui/button';
import { celebrate } from '@/lib/confetti';
import { sha256 } from '@/lib/fetch-file';
import { bytes } from '@/lib/format';
import { toast } from '@/lib/toast';
import { useFileDownload } from '@/lib/use-file-download';

/** The adapter itself: a button, then how far it is, then what has arrived. It is held against its checksum before it is saved. */
export function AdapterDownload({ model }: { model: Model }) {
  const adapter = model.artifacts.adapterModel;
  const { state, start, stop } = useFileDownload({
    total: adapter.size,
    find: async () => {
      const { downloadUrl, fileName } = await downloadLink(model.id, 'adapter-model');
      return { url: downloadUrl, fileName };
    },
    check: async (blob) => {
      const found = await sha256(blob);
      if (found !== undefined && found !== adapter.checksum) {
        throw new Error('The file that arrived is not the one that was stored: its checksum differs. Try again.');
      }
      return found === undefined ? undefined : 'checksum verified';
    },
    onDone: (fileName) => {
      toast.success('Download Complete! 🎉', { description: fileName });
      void celebrate(50, 50);
    },
  });
  return (
    <>
      <DownloadState state={state} onStop={stop} />
      {state.phase !== 'running' && (
        <Button
          size="lg"
          className="h-auto min-h-10 w-full bg-solid-blue py-2 whitespace-normal text-white hover:bg-solid-blue-strong"
          onClick={start}
        >
          <DownloadIcon aria-hidden className="mr-2" />
          Download LoRA Adapter ({bytes(adapter.size)})
        </Button>
      )}
    </>
  );
}
