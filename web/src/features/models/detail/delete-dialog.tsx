import { Trash2Icon, TriangleAlertIcon } from 'lucide-react';
import { useState } from 'react';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { Input } from '@/components/ui/input';

export default function DeleteDialog(props: {
  name: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  return (
    <Dialog open onOpenChange={(open) => !open && props.onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <TriangleAlertIcon aria-hidden className="size-5 text-red-600" />
            Delete Model
          </DialogTitle>
          <DialogDescription>This takes the model away for good.</DialogDescription>
        </DialogHeader>
        <ul className="list-inside list-disc space-y-1 rounded-lg border border-red-200 bg-red-50 p-4 text-sm text-red-800">
          <li>Its files can no longer be downloaded</li>
          <li>The training job and its history stay</li>
          <li>To have it again, it must be trained again</li>
        </ul>
        <form
          className="contents"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === props.name) props.onConfirm();
          }}
        >
          <FormField label={<span className="break-all">Type “{props.name}” to confirm</span>}>
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                placeholder="Enter model name"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </FormField>
          <DialogFooter>
            <Button variant="outline" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" variant="destructive" disabled={typed !== props.name || props.busy}>
              <Trash2Icon aria-hidden />
              Delete Model
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
