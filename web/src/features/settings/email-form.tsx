import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { changeEmail } from '@/api/account';
import { meQuery } from '@/api/auth';
import { FormField } from '@/components/form-field';
import { PasswordField } from '@/components/password-field';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { EMAIL_RULES } from '@/lib/email-rules';
import { messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
import { toast } from '@/lib/toast';

const FIELDS = ['email', 'currentPassword'] as const;

/** Another address for the account. Where the server sends mail, it counts once the link that is sent there is opened. */
export default function EmailForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient();
  const form = useForm({ defaultValues: { email: '', currentPassword: '' } });
  const change = useMutation({
    mutationFn: changeEmail,
    onSuccess: ({ user, pendingEmail }) => {
      client.setQueryData(meQuery.queryKey, user);
      if (pendingEmail) {
        toast.info('Open the link that we sent you', {
          description: `It is on its way to ${pendingEmail}. The address changes when it is opened.`,
          duration: 10_000,
        });
      } else toast.success('Email Changed');
      onDone();
    },
    onError: (error) => {
      if (!saidAtField(form, FIELDS, error)) toast.error(messageOf(error));
    },
  });
  const { errors } = form.formState;
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={form.handleSubmit(({ email, currentPassword }) =>
        change.mutate({ email: email.trim(), currentPassword }),
      )}
    >
      <FormField label="New email" error={errors.email?.message}>
        {(control) => <Input type="email" autoComplete="email" {...control} {...form.register('email', EMAIL_RULES)} />}
      </FormField>
      <PasswordField
        current
        label="Your password"
        error={errors.currentPassword?.message}
        registration={form.register('currentPassword', { required: 'Enter the password that you have now.' })}
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" disabled={change.isPending}>
          Change Email
        </Button>
        <Button variant="outline" onClick={onDone}>
          Keep the Old One
        </Button>
      </div>
    </form>
  );
}
