import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type UseFormReturn, useForm } from 'react-hook-form';
import type { NotificationType } from '@/api/types';
import { createWebhook } from '@/api/webhooks';
import { FormField } from '@/components/form-field';
import { Secret } from '@/components/secret';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/checkbox';
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
import { messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
import { EVENTS } from './kinds';

interface Values {
  url: string;
  description: string;
  events: NotificationType[];
}

/** Makes a webhook, and then shows its secret this once. */
export default function WebhookDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<Values>({ defaultValues: { url: '', description: '', events: [] } });
  const create = useMutation({
    mutationFn: (values: Values) =>
      createWebhook({ ...values, url: values.url.trim(), description: values.description.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['webhooks', 'list'] }),
    onError: (error) => {
      if (!saidAtField(form, ['url', 'description'], error)) form.setError('root', { message: messageOf(error) });
    },
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>{create.isSuccess ? 'Webhook Created' : 'Create Webhook'}</DialogTitle>
          <DialogDescription>
            {create.isSuccess
              ? 'Check the signature of each message with this secret.'
              : 'What is not answered with a status of 2xx is tried again for a day.'}
          </DialogDescription>
        </DialogHeader>
        {create.isSuccess ? (
          <>
            <Secret label="Signing secret" value={create.data.secret} />
            <DialogFooter>
              <Button onClick={onClose}>Done</Button>
            </DialogFooter>
          </>
        ) : (
          <WebhookForm form={form} busy={create.isPending} onSubmit={create.mutate} onClose={onClose} />
        )}
      </DialogContent>
    </Dialog>
  );
}

function WebhookForm({
  form,
  busy,
  onSubmit,
  onClose,
}: {
  form: UseFormReturn<Values>;
  busy: boolean;
  onSubmit: (values: Values) => void;
  onClose: () => void;
}) {
  const { errors } = form.formState;
  return (
    <form noValidate className="space-y-4" onSubmit={form.handleSubmit(onSubmit)}>
      <FormField label="Address" hint="Begins with https://; none in a private network" error={errors.url?.message}>
        {(control) => (
          <Input
            type="url"
            autoComplete="off"
            {...control}
            {...form.register('url', {
              required: 'Enter an address.',
              maxLength: { value: 2000, message: 'At most 2,000 characters.' },
            })}
          />
        )}
      </FormField>
      <FormField label="Description" hint="Optional" error={errors.description?.message}>
        {(control) => (
          <Input
            autoComplete="off"
            {...control}
            {...form.register('description', { maxLength: { value: 200, message: 'At most 200 characters.' } })}
          />
        )}
      </FormField>
      <Events form={form} />
      {errors.root && (
        <p role="alert" className="text-sm text-red-600">
          {errors.root.message}
        </p>
      )}
      <DialogFooter>
        <Button variant="outline" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={busy}>
          Create
        </Button>
      </DialogFooter>
    </form>
  );
}

function Events({ form }: { form: UseFormReturn<Values> }) {
  const events = form.watch('events');
  const toggle = (event: NotificationType, on: boolean) =>
    form.setValue('events', on ? [...events, event] : events.filter((chosen) => chosen !== event));
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-medium">Kinds that are sent</legend>
      <p className="text-xs text-muted-foreground">With none chosen, all are.</p>
      <div className="grid gap-2 sm:grid-cols-2">
        {EVENTS.map(({ value, label }) => (
          <div key={value} className="flex items-center gap-2">
            <Checkbox
              id={`event-${value}`}
              checked={events.includes(value)}
              onCheckedChange={(on) => toggle(value, on === true)}
            />
            <Label htmlFor={`event-${value}`} className="font-normal">
              {label}
            </Label>
          </div>
        ))}
      </div>
    </fieldset>
  );
}
