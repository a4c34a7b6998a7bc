import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import { deleteDataset, restoreDataset } from '@/api/datasets';
import { ConfirmDialog } from '@/components/confirm-dialog';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

/** A button that deletes a data set, once it is confirmed. */
export function DeleteDataset({ id, name, onDeleted }: { id: string; name: string; onDeleted: () => void }) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ['datasets'] });
  const onError = (error: unknown) => toast.error(messageOf(error));
  const undo = () =>
    restoreDataset(id)
      .then(() => toast.success('Dataset restored'))
      .catch(onError)
      .finally(refresh);
  const remove = useMutation({
    mutationFn: () => deleteDataset(id),
    onSuccess: () => {
      toast.success('Dataset deleted', { action: { label: 'Undo', onClick: () => void undo() } });
      onDeleted();
      client.removeQueries({ queryKey: ['datasets', 'detail', id] });
      void refresh();
    },
    onError,
  });
  return (
    <>
      <Button variant="outline" className="text-red-600" onClick={() => setAsking(true)}>
        <Trash2Icon aria-hidden className="mr-2" />
        Delete
      </Button>
      {asking && (
        <ConfirmDialog
          title="Delete this dataset?"
          action="Delete Dataset"
          actionIcon={Trash2Icon}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          “{name}” will no longer be offered for training. It can be restored for 30 days; models that were trained on
          it stay.
        </ConfirmDialog>
      )}
    </>
  );
}
