import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { Progress } from '@/components/ui/progress';
import { bytes, percent } from '@/lib/format';
import { CheckResult } from './check-result';
import { UploadForm } from './upload-form';
import { type UploadState, useUpload } from './use-upload';

const TITLES: Record<Exclude<UploadState['phase'], 'checking'>, { title: string; description: string }> = {
  choosing: { title: 'Create Dataset', description: 'Upload a file of conversations. It is checked line by line.' },
  sending: { title: 'Uploading', description: 'Keep this window open until the file has arrived.' },
};

export default function UploadDialog({ onClose }: { onClose: () => void }) {
  const { state, start, stop } = useUpload();
  const sending = state.phase === 'sending';
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        className="grid-cols-[minmax(0,1fr)] sm:max-w-2xl"
        onInteractOutside={(event) => sending && event.preventDefault()}
        onEscapeKeyDown={(event) => sending && event.preventDefault()}
      >
        {state.phase !== 'checking' && (
          <DialogHeader>
            <DialogTitle>{TITLES[state.phase].title}</DialogTitle>
            <DialogDescription>{TITLES[state.phase].description}</DialogDescription>
          </DialogHeader>
        )}
        {state.phase === 'choosing' && (
          <UploadForm error={state.error} onSubmit={(request) => void start(request)} onCancel={onClose} />
        )}
        {sending && <Sending sent={state.sent} total={state.total} onStop={stop} />}
        {state.phase === 'checking' && <CheckResult datasetId={state.datasetId} onClose={onClose} />}
      </DialogContent>
    </Dialog>
  );
}

function Sending({ sent, total, onStop }: { sent: number; total: number; onStop: () => void }) {
  // The last percent is the store's answer.
  const done = total > 0 ? Math.min(99, (100 * sent) / total) : 0;
  return (
    <>
      <div className="space-y-2">
        <div className="flex justify-between text-sm">
          <span className="text-muted-foreground">
            {bytes(Math.min(sent, total))} of {bytes(total)}
          </span>
          <span className="font-medium">{percent(done)}</span>
        </div>
        <Progress aria-label="Upload" value={done} className="h-3" />
      </div>
      <DialogFooter>
        <Button variant="outline" onClick={onStop}>
          Stop Upload
        </Button>
      </DialogFooter>
    </>
  );
}
