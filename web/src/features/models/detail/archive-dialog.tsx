import { ArchiveIcon, InfoIcon } from 'lucide-react';
import { ConfirmDialog } from '@/components/confirm-dialog';

export default function ArchiveDialog({
  name,
  ...dialog
}: {
  name: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <ConfirmDialog
      {...dialog}
      title="Archive Model"
      icon={ArchiveIcon}
      tone="caution"
      action="Archive Model"
      actionIcon={ArchiveIcon}
      details={
        <>
          <p className="rounded-lg bg-muted p-4 break-words">
            {name}
            <span className="mt-1 block text-sm text-muted-foreground">
              Its status changes from “stored” to “archived”
            </span>
          </p>
          <p className="flex gap-2 rounded-lg border border-amber-200 bg-amber-50 p-3 text-xs text-amber-800">
            <InfoIcon aria-hidden className="size-4 shrink-0" />
            <span>
              <strong>Info:</strong> an archived model stays in storage, can still be downloaded, and can be restored at
              any time.
            </span>
          </p>
        </>
      }
    >
      Do you want to put this model aside?
    </ConfirmDialog>
  );
}
