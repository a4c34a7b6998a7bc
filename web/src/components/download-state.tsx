import { CheckIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Progress } from '@/components/ui/progress';
import { bytes, percent } from '@/lib/format';
import type { DownloadState as State } from '@/lib/use-file-download';

/** How far a download is, and how it ended. Nothing before it has begun. */
export function DownloadState({ state, onStop }: { state: State; onStop: () => void }) {
  if (state.phase === 'running') {
    const done = state.total > 0 ? Math.min(100, (100 * state.received) / state.total) : 0;
    return (
      <div className="space-y-2">
        <div className="flex items-center justify-between gap-2 text-sm">
          <span>Downloading...</span>
          <span className="font-medium">{percent(Math.floor(done))}</span>
        </div>
        <Progress aria-label="Download" value={done} />
        <Button variant="outline" size="sm" onClick={onStop}>
          Stop
        </Button>
      </div>
    );
  }
  if (state.phase === 'done') {
    return (
      <p
        role="status"
        className="flex items-start gap-2 rounded-lg border border-green-200 bg-green-50 p-3 text-sm text-green-800"
      >
        <CheckIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span className="min-w-0 break-words">
          Download complete! {state.fileName} ({bytes(state.total)}){state.note && `, ${state.note}`}
        </span>
      </p>
    );
  }
  if (state.phase === 'failed') {
    return (
      <p role="alert" className="rounded-lg border border-red-200 bg-red-50 p-3 text-sm text-red-800">
        {state.message}
      </p>
    );
  }
  return null;
}
