import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { resetPassword } from '@/api/account';
import { meQuery } from '@/api/auth';
import { NEW_PASSWORD, NEW_PASSWORD_HINT, PasswordField, sameAs } from '@/components/password-field';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { fieldOf, messageOf } from '@/lib/errors';
import { tokenOf } from './link';
import { Notice } from './notice';

/** Chooses a new password by a link that was sent. */
export function ResetForm() {
  const token = tokenOf(useLocation({ select: (location) => location.hash }));
  const client = useQueryClient();
  const form = useForm({ defaultValues: { password: '', again: '' } });
  const reset = useMutation({
    mutationFn: resetPassword,
    onSuccess: () => {
      // All sessions of the account are over, this browser's too.
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
    },
    onError: (error) => {
      if (fieldOf(error) === 'password')
        form.setError('password', { message: messageOf(error) }, { shouldFocus: true });
    },
  });
  const { errors } = form.formState;
  if (!token) {
    return (
      <Notice title="This link is not complete" to="/forgot-password" action="Ask for a new link">
        Open the link as it stands in the mail, with everything after the number sign.
      </Notice>
    );
  }
  if (reset.isSuccess) {
    return (
      <Notice title="Your password is changed">You are logged out everywhere. Log in with the new password.</Notice>
    );
  }
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">Choose a new password</CardTitle>
        <CardDescription className="text-sm">All sessions of your account end with it.</CardDescription>
      </CardHeader>
      <CardContent>
        <form
          noValidate
          className="space-y-4"
          onSubmit={form.handleSubmit(({ password }) => reset.mutate({ token, password }))}
        >
          <PasswordField
            autoFocus
            label="New password"
            hint={NEW_PASSWORD_HINT}
            error={errors.password?.message}
            registration={form.register('password', NEW_PASSWORD)}
          />
          <PasswordField
            label="The same again"
            error={errors.again?.message}
            registration={form.register('again', {
              validate: (again, { password }) => sameAs(password)(again),
            })}
          />
          {reset.isError && fieldOf(reset.error) !== 'password' && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(reset.error)}
            </p>
          )}
          <Button type="submit" className="w-full" disabled={reset.isPending}>
            {reset.isPending ? 'Changing...' : 'Change the password'}
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
