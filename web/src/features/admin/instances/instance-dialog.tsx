import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { Controller, type UseFormReturn, useForm } from 'react-hook-form';
import { type AdminInstance, updateInstance } from '@/api/admin';
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
import { Label } from '@/components/ui/label';
import { Switch } from '@/components/ui/switch';
import { amountFault } from '@/lib/amount';
import { fieldOf, messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
import { hourlyRate } from '@/lib/format';
import { toast } from '@/lib/toast';
import { CONFIGURED, changeOf, type Values, valuesOf } from './change';

const MOST_RATE = 10_000;
const FIELDS = ['displayName', 'ratePerHour', 'spotRatePerHour'] as const;

export default function InstanceDialog({ instance, onClose }: { instance: AdminInstance; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<Values>({ defaultValues: valuesOf(instance) });
  const save = useMutation({
    mutationFn: (body: typeof CONFIGURED) => updateInstance(instance.id, body),
    onSuccess: (saved) => {
      toast.success('Instance Type Saved', { description: saved.displayName });
      void client.invalidateQueries({ queryKey: ['admin'] });
      void client.invalidateQueries({ queryKey: ['catalogue'] });
      onClose();
    },
    onError: (error) => {
      saidAtField(form, FIELDS, error);
    },
  });
  const unplaced = save.isError && !FIELDS.some((name) => name === fieldOf(save.error));
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="break-words">Edit {instance.displayName}</DialogTitle>
          <DialogDescription>
            US dollars a GPU and hour. An empty field follows the server's configuration.
          </DialogDescription>
        </DialogHeader>
        <form
          noValidate
          className="space-y-4"
          onSubmit={form.handleSubmit((values) => save.mutate(changeOf(instance, values)))}
        >
          <Fields form={form} instance={instance} />
          {unplaced && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(save.error)}
            </p>
          )}
          <DialogFooter className="sm:justify-between">
            <Button variant="ghost" disabled={save.isPending} onClick={() => save.mutate(CONFIGURED)}>
              Reset to the Configuration
            </Button>
            <div className="flex flex-col-reverse gap-2 sm:flex-row">
              <Button variant="outline" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" disabled={!form.formState.isDirty || save.isPending}>
                Save Changes
              </Button>
            </div>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function Fields({ form, instance }: { form: UseFormReturn<Values>; instance: AdminInstance }) {
  const id = useId();
  const { errors } = form.formState;
  const rates = [
    { name: 'ratePerHour', label: 'Rate', configured: instance.configuredRatePerHour },
    { name: 'spotRatePerHour', label: 'Spot rate', configured: instance.configuredSpotRatePerHour },
  ] as const;
  return (
    <>
      <FormField label="Name" error={errors.displayName?.message}>
        {(control) => (
          <Input
            autoComplete="off"
            {...control}
            {...form.register('displayName', { maxLength: { value: 100, message: 'At most 100 characters.' } })}
          />
        )}
      </FormField>
      {rates.map(({ name, label, configured }) => (
        <FormField
          key={name}
          label={label}
          hint={configured === undefined ? 'None is configured' : `Configured: ${hourlyRate(configured)}`}
          error={errors[name]?.message}
        >
          {(control) => (
            <Input
              inputMode="decimal"
              autoComplete="off"
              {...control}
              {...form.register(name, {
                validate: (typed) => amountFault(typed, { most: MOST_RATE, decimals: 6 }) ?? true,
              })}
            />
          )}
        </FormField>
      ))}
      <div className="flex items-start justify-between gap-4">
        <div>
          <Label htmlFor={id}>Offered</Label>
          <p id={`${id}-note`} className="mt-1 text-xs text-muted-foreground">
            Whether it can be chosen for a job
          </p>
        </div>
        <Controller
          control={form.control}
          name="offered"
          render={({ field }) => (
            <Switch id={id} aria-describedby={`${id}-note`} checked={field.value} onCheckedChange={field.onChange} />
          )}
        />
      </div>
    </>
  );
}
