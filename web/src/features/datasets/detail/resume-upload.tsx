import { useMutation, useQueryClient } from '@tanstack/react-query';
import { confirmDataset } from '@/api/datasets';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

/** For a data set whose upload was never confirmed: the window was closed, or the server stopped in between. */
export function ResumeUpload({ id }: { id: string }) {
  const client = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => confirmDataset(id),
    onError: (error) => toast.error(messageOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['datasets'] }),
  });
  return (
    <div className="mb-6 flex flex-wrap items-center justify-between gap-3 rounded-lg border border-yellow-200 bg-yellow-50 p-4 text-sm text-yellow-800">
      <p>
        The upload was not finished. If the file has arrived, have it checked now; otherwise delete this and upload
        again.
      </p>
      <Button variant="outline" size="sm" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
        Check the File
      </Button>
    </div>
  );
}
