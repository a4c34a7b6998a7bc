import { useState } from 'react';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { CheckResult } from './check-result';
import type { Entry } from './entries';
import { UploadForm } from './upload-form';
import { UploadRow } from './upload-row';
import { isOnTheWay, useUploads } from './use-uploads';

export default function UploadDialog({ onClose }: { onClose: () => void }) {
  const [entries, setEntries] = useState<Entry[]>([]);
  const { uploads, ...actions } = useUploads();
  const sending = uploads.some(isOnTheWay);
  const [first] = uploads;
  // A single file shows all that was found in it right here.
  const single = uploads.length === 1 && first?.state.phase === 'checking' ? first.state.datasetId : undefined;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        className="grid-cols-[minmax(0,1fr)] sm:max-w-2xl"
        onInteractOutside={(event) => sending && event.preventDefault()}
        onEscapeKeyDown={(event) => sending && event.preventDefault()}
      >
        {single && <CheckResult datasetId={single} onClose={onClose} />}
        {!single && <Header choosing={uploads.length === 0} sending={sending} />}
        {uploads.length === 0 && (
          <UploadForm
            entries={entries}
            onChange={setEntries}
            onSubmit={() => actions.start(entries)}
            onCancel={onClose}
          />
        )}
        {!single && uploads.length > 0 && (
          <>
            <ul className="space-y-3">
              {uploads.map((upload) => (
                <UploadRow
                  key={upload.entry.key}
                  upload={upload}
                  onStop={() => actions.stop(upload.entry.key)}
                  onRetry={() => actions.retry(upload.entry.key)}
                />
              ))}
            </ul>
            {!sending && (
              <DialogFooter>
                {uploads.every(({ state }) => state.phase !== 'checking') && (
                  <Button variant="outline" onClick={actions.reset}>
                    Back
                  </Button>
                )}
                <Button onClick={onClose}>Done</Button>
              </DialogFooter>
            )}
          </>
        )}
      </DialogContent>
    </Dialog>
  );
}

function Header({ choosing, sending }: { choosing: boolean; sending: boolean }) {
  const [title, description] = choosing
    ? ['Create Dataset', 'Upload files of conversations. They are checked line by line.']
    : sending
      ? ['Uploading', 'Keep this window open until the files have arrived.']
      : ['Uploaded', 'What became of each file'];
  return (
    <DialogHeader>
      <DialogTitle>{title}</DialogTitle>
      <DialogDescription>{description}</DialogDescription>
    </DialogHeader>
  );
}
