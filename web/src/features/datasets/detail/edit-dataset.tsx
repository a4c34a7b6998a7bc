import { useMutation, useQueryClient } from '@tanstack/react-query';
import { PencilIcon } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { updateDataset } from '@/api/datasets';
import type { Dataset } from '@/api/types';
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
import { Input, Textarea } from '@/components/ui/input';
import { fieldOf, messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

type Editable = Pick<Dataset, 'id' | 'name' | 'description'>;

/** A button that opens name and description for a change. */
export function EditDataset({ dataset }: { dataset: Editable }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="outline" onClick={() => setOpen(true)}>
        <PencilIcon aria-hidden className="mr-2" />
        Edit
      </Button>
      {open && <EditDialog dataset={dataset} onClose={() => setOpen(false)} />}
    </>
  );
}

function EditDialog({ dataset, onClose }: { dataset: Editable; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({ defaultValues: { name: dataset.name, description: dataset.description ?? '' } });
  const save = useMutation({
    mutationFn: (values: { name: string; description: string }) =>
      updateDataset(dataset.id, { ...values, name: values.name.trim() }),
    onSuccess: () => {
      toast.success('Dataset saved');
      void client.invalidateQueries({ queryKey: ['datasets'] });
      onClose();
    },
    onError: (error) => {
      const field = fieldOf(error) === 'description' ? 'description' : 'name';
      form.setError(field, { message: messageOf(error) }, { shouldFocus: true });
    },
  });
  const { errors } = form.formState;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>Edit Dataset</DialogTitle>
          <DialogDescription>The file itself stays as it is.</DialogDescription>
        </DialogHeader>
        <form noValidate className="space-y-4" onSubmit={form.handleSubmit((values) => save.mutate(values))}>
          <FormField label="Name" error={errors.name?.message}>
            {(control) => (
              <Input
                {...control}
                {...form.register('name', {
                  validate: (value) => value.trim() !== '' || 'Give the dataset a name.',
                  maxLength: { value: 200, message: 'Use at most 200 characters.' },
                })}
              />
            )}
          </FormField>
          <FormField label="Description" hint="Optional" error={errors.description?.message}>
            {(control) => (
              <Textarea
                {...control}
                {...form.register('description', {
                  maxLength: { value: 5000, message: 'Use at most 5,000 characters.' },
                })}
              />
            )}
          </FormField>
          <DialogFooter>
            <Button variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={save.isPending}>
              {save.isPending ? 'Saving...' : 'Save Changes'}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
