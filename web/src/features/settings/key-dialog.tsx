import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Controller, useForm } from 'react-hook-form';
import { createKey, keysQuery } from '@/api/account';
import type { KeyScope } from '@/api/types';
import { Choice } from '@/components/choice';
import { FormField } from '@/components/form-field';
import { Secret } from '@/components/secret';
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
import { fieldOf, messageOf } from '@/lib/errors';
import { expiryOf, LIFETIMES, type Lifetime } from './expiry';

const SCOPES: { value: KeyScope; label: string }[] = [
  { value: 'read', label: 'Read only' },
  { value: 'write', label: 'Read and write' },
];

interface Values {
  name: string;
  scope: KeyScope;
  lifetime: Lifetime;
}

/** Makes a key, and then shows it this once. */
export default function KeyDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: ({ name, scope, lifetime }: Values) => {
      const expiresAt = expiryOf(lifetime, Date.now());
      return createKey({ name: name.trim(), scope, ...(expiresAt && { expiresAt }) });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>{create.isSuccess ? 'API Key Created' : 'Create API Key'}</DialogTitle>
          <DialogDescription>
            {create.isSuccess
              ? 'Copy it now.'
              : 'A key can do what you can, within its scope. It cannot change your account.'}
          </DialogDescription>
        </DialogHeader>
        {create.isSuccess ? (
          <>
            <Secret label="API key" value={create.data.secret} />
            <DialogFooter>
              <Button onClick={onClose}>Done</Button>
            </DialogFooter>
          </>
        ) : (
          <KeyForm busy={create.isPending} error={create.error} onSubmit={create.mutate} onClose={onClose} />
        )}
      </DialogContent>
    </Dialog>
  );
}

function KeyForm(props: { busy: boolean; error: unknown; onSubmit: (values: Values) => void; onClose: () => void }) {
  const form = useForm<Values>({ defaultValues: { name: '', scope: 'read', lifetime: '90' } });
  const refused = props.error ? messageOf(props.error) : undefined;
  const named = fieldOf(props.error) === 'name';
  return (
    <form noValidate className="space-y-4" onSubmit={form.handleSubmit(props.onSubmit)}>
      <FormField
        label="Name"
        hint="What you call it, such as “nightly backup”"
        error={form.formState.errors.name?.message ?? (named ? refused : undefined)}
      >
        {(control) => (
          <Input
            autoComplete="off"
            {...control}
            {...form.register('name', {
              validate: (name) => name.trim() !== '' || 'Give the key a name.',
              maxLength: { value: 200, message: 'At most 200 characters.' },
            })}
          />
        )}
      </FormField>
      <ChoiceField form={form} name="scope" label="Scope" options={SCOPES} />
      <ChoiceField form={form} name="lifetime" label="Good for" options={LIFETIMES} />
      {refused && !named && (
        <p role="alert" className="text-sm text-red-600">
          {refused}
        </p>
      )}
      <DialogFooter>
        <Button variant="outline" onClick={props.onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={props.busy}>
          Create Key
        </Button>
      </DialogFooter>
    </form>
  );
}

function ChoiceField({
  form,
  name,
  label,
  options,
}: {
  form: ReturnType<typeof useForm<Values>>;
  name: 'scope' | 'lifetime';
  label: string;
  options: readonly { value: Values[typeof name]; label: string }[];
}) {
  return (
    <FormField label={label}>
      {(control) => (
        <Controller
          control={form.control}
          name={name}
          render={({ field }) => (
            <Choice {...control} value={field.value} options={options} onChange={field.onChange} />
          )}
        />
      )}
    </FormField>
  );
}
