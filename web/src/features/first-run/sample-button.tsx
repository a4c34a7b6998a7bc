import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { SparklesIcon } from 'lucide-react';
import { useRef } from 'react';
import { createSample } from '@/api/datasets';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { randomKey } from '@/lib/random';
import { toast } from '@/lib/toast';

/** Adds the data set that comes with the server, and opens it while it is checked. */
export function SampleButton({ variant }: { variant?: 'default' | 'outline' }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  // Pressed again after a lost answer, it still adds one.
  const key = useRef(randomKey());
  const add = useMutation({
    mutationFn: () => createSample(key.current),
    onSuccess: ({ datasetId }) => {
      void client.invalidateQueries({ queryKey: ['datasets'] });
      void navigate({ to: '/datasets/$id', params: { id: datasetId } });
    },
    onError: (error) => toast.error('The sample was not added', { description: messageOf(error) }),
  });
  return (
    <Button variant={variant} disabled={add.isPending || add.isSuccess} onClick={() => add.mutate()}>
      <SparklesIcon aria-hidden className="mr-2" />
      {add.isPending ? 'Adding...' : 'Use the Sample Dataset'}
    </Button>
  );
}
