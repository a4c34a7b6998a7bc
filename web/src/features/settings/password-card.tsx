import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { changePassword, sessionsQuery } from '@/api/account';
import { NEW_PASSWORD, NEW_PASSWORD_HINT, PasswordField, sameAs } from '@/components/password-field';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
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
      if (!saidAtField(form, FIELDS, error)) toast.error(messageOf(error));
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
        <PasswordField
          current
          label="Current password"
          error={errors.currentPassword?.message}
          registration={form.register('currentPassword', { required: 'Enter the password that you have now.' })}
        />
        <PasswordField
          label="New password"
          hint={NEW_PASSWORD_HINT}
          error={errors.newPassword?.message}
          registration={form.register('newPassword', NEW_PASSWORD)}
        />
        <PasswordField
          label="New password again"
          error={errors.again?.message}
          registration={form.register('again', {
            validate: (again, { newPassword }) => sameAs(newPassword)(again),
          })}
        />
        <Button type="submit" disabled={change.isPending}>
          Change Password
        </Button>
      </form>
    </Section>
  );
}
