import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { resetPassword } from '@/api/account';
import { meQuery } from '@/api/auth';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
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
          <FormField label="New password" hint="At least 10 characters" error={errors.password?.message}>
            {(control) => (
              <Input
                type="password"
                autoComplete="new-password"
                autoFocus
                {...control}
                {...form.register('password', {
                  required: 'Choose a password.',
                  minLength: { value: 10, message: 'Use at least 10 characters.' },
                })}
              />
            )}
          </FormField>
          <FormField label="The same again" error={errors.again?.message}>
            {(control) => (
              <Input
                type="password"
                autoComplete="new-password"
                {...control}
                {...form.register('again', {
                  validate: (again, { password }) => again === password || 'The two are not the same.',
                })}
              />
            )}
          </FormField>
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
