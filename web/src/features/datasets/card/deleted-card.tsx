import { useMutation, useQueryClient } from '@tanstack/react-query';
import { restoreDataset } from '@/api/datasets';
import type { Dataset } from '@/api/types';
import { DeletedCard } from '@/components/deleted-card';
import { messageOf } from '@/lib/errors';
import { bytes, plural } from '@/lib/format';
import { toast } from '@/lib/toast';

/** A data set that was deleted and can still be had back. */
export default function DeletedDatasetCard({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () => restoreDataset(dataset.id),
    onSuccess: () => toast.success('Dataset restored', { description: dataset.name }),
    onError: (error) => toast.error('The dataset was not restored', { description: messageOf(error) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['datasets'] }),
  });
  return (
    <DeletedCard
      name={dataset.name}
      facts={[
        plural(dataset.totalConversations, 'conversation'),
        plural(dataset.totalTrainingPairs, 'training pair'),
        bytes(dataset.fileSize),
      ]}
      deletedAt={dataset.deletedAt}
      purgeAt={dataset.purgeAt}
      action="Restore Dataset"
      busy={restore.isPending}
      onRestore={() => restore.mutate()}
    />
  );
}
