import { CheckIcon, DownloadIcon } from 'lucide-react';
import type { Model } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Progress } from '@/components/ui/progress';
import { bytes, percent } from '@/lib/format';
import { useFileDownload } from '../use-file-download';

/** The adapter itself: a button, then how far it is, then what has arrived. */
export function AdapterDownload({ model }: { model: Model }) {
  const adapter = model.artifacts.adapterModel;
  const { state, start, stop } = useFileDownload(model.id, 'adapter-model', adapter);
  if (state.phase === 'running') {
    const done = state.total > 0 ? (100 * state.received) / state.total : 0;
    return (
      <div className="space-y-2">
        <div className="flex items-center justify-between gap-2 text-sm">
          <span>Downloading...</span>
          <span className="font-medium">{percent(Math.floor(done))}</span>
        </div>
        <Progress aria-label="Download" value={done} />
        <Button variant="outline" size="sm" onClick={stop}>
          Stop
        </Button>
      </div>
    );
  }
  return (
    <>
      {state.phase === 'done' && (
        <p
          role="status"
          className="flex items-start gap-2 rounded-lg border border-green-200 bg-green-50 p-3 text-sm text-green-800"
        >
          <CheckIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 break-words">
            Download complete! {state.fileName} ({bytes(state.total)}){state.verified && ', checksum verified'}
          </span>
        </p>
      )}
      {state.phase === 'failed' && (
        <p role="alert" className="rounded-lg border border-red-200 bg-red-50 p-3 text-sm text-red-800">
          {state.message}
        </p>
      )}
      <Button
        size="lg"
        className="h-auto min-h-10 w-full bg-solid-blue py-2 whitespace-normal text-white hover:bg-solid-blue-strong"
        onClick={start}
      >
        <DownloadIcon aria-hidden />
        Download LoRA Adapter ({bytes(adapter.size)})
      </Button>
    </>
  );
}
