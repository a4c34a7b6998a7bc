import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ArchiveIcon, ArchiveRestoreIcon, Trash2Icon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { deleteModel, restoreModel, updateModel } from '@/api/models';
import type { Model } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

const ArchiveDialog = lazy(() => import('./archive-dialog'));
const DeleteDialog = lazy(() => import('./delete-dialog'));

export function ActionsCard({ model }: { model: Model }) {
  const [asking, setAsking] = useState<'archive' | 'delete'>();
  const client = useQueryClient();
  const navigate = useNavigate();
  const close = () => setAsking(undefined);
  const onError = (error: unknown) => toast.error(messageOf(error));
  const setStatus = useMutation({
    mutationFn: (status: 'archived' | 'stored') => updateModel(model.id, { status }),
    onSuccess: (_, status) => {
      close();
      toast.info(status === 'archived' ? 'Model Archived' : 'Model Restored');
      void client.invalidateQueries({ queryKey: ['models'] });
    },
    onError,
  });
  const undo = () =>
    restoreModel(model.id)
      .then(() => toast.success('Model Restored'))
      .catch(onError)
      .finally(() => client.invalidateQueries({ queryKey: ['models'] }));
  const remove = useMutation({
    mutationFn: () => deleteModel(model.id),
    onSuccess: async () => {
      toast.success('Model Deleted', { action: { label: 'Undo', onClick: () => void undo() } });
      await navigate({ to: '/models' });
      client.removeQueries({ queryKey: ['models', 'detail', model.id] });
      void client.invalidateQueries({ queryKey: ['models'] });
    },
    onError,
  });
  const archived = model.status === 'archived';
  return (
    <Card className="gap-4 p-6">
      <h2 className="text-lg font-semibold">Model Actions</h2>
      <div className="space-y-2">
        {archived ? (
          <Button
            variant="outline"
            className="w-full justify-start"
            disabled={setStatus.isPending}
            onClick={() => setStatus.mutate('stored')}
          >
            <ArchiveRestoreIcon aria-hidden className="mr-2" />
            Restore Model
          </Button>
        ) : (
          <Button variant="outline" className="w-full justify-start" onClick={() => setAsking('archive')}>
            <ArchiveIcon aria-hidden className="mr-2" />
            Archive Model
          </Button>
        )}
        <Button variant="outline" className="w-full justify-start text-red-600" onClick={() => setAsking('delete')}>
          <Trash2Icon aria-hidden className="mr-2" />
          Delete Model
        </Button>
      </div>
      <p className="rounded-lg bg-muted/50 p-3 text-xs text-muted-foreground">
        <strong>Note:</strong> an archived model can be restored at any time; a deleted one for 30 days.
      </p>
      <Suspense>
        {asking === 'archive' && (
          <ArchiveDialog
            name={model.name}
            busy={setStatus.isPending}
            onConfirm={() => setStatus.mutate('archived')}
            onClose={close}
          />
        )}
        {asking === 'delete' && (
          <DeleteDialog name={model.name} busy={remove.isPending} onConfirm={() => remove.mutate()} onClose={close} />
        )}
      </Suspense>
    </Card>
  );
}
