import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import { deleteDataset } from '@/api/datasets';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

/** A button that deletes a data set, once it is confirmed. */
export function DeleteDataset({ id, name, onDeleted }: { id: string; name: string; onDeleted: () => void }) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteDataset(id),
    onSuccess: () => {
      toast.success('Dataset deleted');
      onDeleted();
      void client.invalidateQueries({ queryKey: ['datasets'] });
    },
    onError: (error) => toast.error(messageOf(error)),
  });
  return (
    <>
      <Button variant="outline" className="text-red-600" onClick={() => setAsking(true)}>
        <Trash2Icon aria-hidden />
        Delete
      </Button>
      <Dialog open={asking} onOpenChange={setAsking}>
        <DialogContent>
          <DialogHeader>
            <DialogTitle>Delete this dataset?</DialogTitle>
            <DialogDescription>
              “{name}” will no longer be offered for training. Models that were trained on it stay.
            </DialogDescription>
          </DialogHeader>
          <DialogFooter>
            <Button variant="outline" onClick={() => setAsking(false)}>
              Keep It
            </Button>
            <Button variant="destructive" disabled={remove.isPending} onClick={() => remove.mutate()}>
              {remove.isPending ? 'Deleting...' : 'Delete Dataset'}
            </Button>
          </DialogFooter>
        </DialogContent>
      </Dialog>
    </>
  );
}
