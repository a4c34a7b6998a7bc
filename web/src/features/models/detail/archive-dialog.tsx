import { ArchiveIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';

export default function ArchiveDialog(props: {
  name: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog open onOpenChange={(open) => !open && props.onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <ArchiveIcon aria-hidden className="size-5 text-amber-600" />
            Archive Model
          </DialogTitle>
          <DialogDescription>It stays in storage and can be restored at any time.</DialogDescription>
        </DialogHeader>
        <p className="rounded-lg bg-muted p-4 break-words">
          <strong>{props.name}</strong>
          <span className="mt-1 block text-sm text-muted-foreground">
            Its status changes from “stored” to “archived”.
          </span>
        </p>
        <DialogFooter>
          <Button variant="outline" onClick={props.onClose}>
            Cancel
          </Button>
          <Button
            className="bg-solid-amber text-white hover:bg-solid-amber-strong"
            disabled={props.busy}
            onClick={props.onConfirm}
          >
            <ArchiveIcon aria-hidden />
            Archive Model
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
