import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { changePassword, sessionsQuery } from '@/api/account';
import { FormField } from '@/components/form-field';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { fieldOf, messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

const FIELDS = ['currentPassword', 'newPassword'] as const;

export function PasswordCard() {
  const client = useQueryClient();
  const form = useForm({ defaultValues: { currentPassword: '', newPassword: '', again: '' } });
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      form.reset();
      toast.success('Password Changed', { description: 'Your other sessions are over.' });
      void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
    onError: (error) => {
      const field = FIELDS.find((name) => name === fieldOf(error));
      if (field) form.setError(field, { message: messageOf(error) }, { shouldFocus: true });
      else toast.error(messageOf(error));
    },
  });
  const { errors } = form.formState;
  return (
    <Section title="Password" about="Changing it ends your other sessions">
      <form
        noValidate
        className="max-w-xl space-y-4"
        onSubmit={form.handleSubmit(({ again: _, ...body }) => change.mutate(body))}
      >
        <FormField label="Current password" error={errors.currentPassword?.message}>
          {(control) => (
            <Input
              type="password"
              autoComplete="current-password"
              {...control}
              {...form.register('currentPassword', { required: 'Enter the password that you have now.' })}
            />
          )}
        </FormField>
        <FormField label="New password" hint="At least 10 characters" error={errors.newPassword?.message}>
          {(control) => (
            <Input
              type="password"
              autoComplete="new-password"
              {...control}
              {...form.register('newPassword', {
                required: 'Choose a password.',
                minLength: { value: 10, message: 'Use at least 10 characters.' },
              })}
            />
          )}
        </FormField>
        <FormField label="New password again" error={errors.again?.message}>
          {(control) => (
            <Input
              type="password"
              autoComplete="new-password"
              {...control}
              {...form.register('again', {
                validate: (again, { newPassword }) => again === newPassword || 'The two are not the same.',
              })}
            />
          )}
        </FormField>
        <Button type="submit" disabled={change.isPending}>
          Change Password
        </Button>
      </form>
    </Section>
  );
}
