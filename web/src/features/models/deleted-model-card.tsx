import { useMutation, useQueryClient } from '@tanstack/react-query';
import { restoreModel } from '@/api/models';
import type { Model } from '@/api/types';
import { DeletedCard } from '@/components/deleted-card';
import { messageOf } from '@/lib/errors';
import { bytes } from '@/lib/format';
import { toast } from '@/lib/toast';

/** A model that was deleted and can still be had back. */
export function DeletedModelCard({ model }: { model: Model }) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () => restoreModel(model.id),
    onSuccess: () => toast.success('Model Restored', { description: model.name }),
    onError: (error) => toast.error('The model was not restored', { description: messageOf(error) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['models'] }),
  });
  return (
    <DeletedCard
      name={model.name}
      facts={[`v${model.version}`, model.configuration.baseModel, bytes(model.totalSize)]}
      deletedAt={model.deletedAt}
      purgeAt={model.purgeAt}
      action="Restore Model"
      busy={restore.isPending}
      onRestore={() => restore.mutate()}
    />
  );
}
