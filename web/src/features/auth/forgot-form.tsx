import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { entryOptionsQuery, forgotPassword } from '@/api/account';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { EMAIL_RULES } from '@/lib/email-rules';
import { messageOf } from '@/lib/errors';
import { LINK } from './link';
import { Notice } from './notice';

export function ForgotForm() {
  const { data: options } = useQuery(entryOptionsQuery);
  const form = useForm({ defaultValues: { email: '' } });
  const ask = useMutation({ mutationFn: forgotPassword });
  if (options && !options.passwordReset) {
    return (
      <Notice title="Forgot your password?">
        This server sends no mail. An administrator of it can make a link for you that sets a new password.
      </Notice>
    );
  }
  if (ask.isSuccess) {
    return (
      <Notice title="Look into your mail">
        If there is an account with the address {ask.variables}, a link is on its way to it. The link works once, for an
        hour.
      </Notice>
    );
  }
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">Forgot your password?</CardTitle>
        <CardDescription className="text-sm">You are sent a link with which you choose a new one.</CardDescription>
      </CardHeader>
      <CardContent>
        <form noValidate className="space-y-4" onSubmit={form.handleSubmit(({ email }) => ask.mutate(email.trim()))}>
          <FormField label="Email" error={form.formState.errors.email?.message}>
            {(control) => (
              <Input
                type="email"
                autoComplete="email"
                autoFocus
                {...control}
                {...form.register('email', EMAIL_RULES)}
              />
            )}
          </FormField>
          {ask.isError && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(ask.error)}
            </p>
          )}
          <Button type="submit" className="w-full" disabled={ask.isPending}>
            {ask.isPending ? 'Sending...' : 'Send the link'}
          </Button>
          <p className="text-center text-sm text-muted-foreground">
            It came back to you?{' '}
            <Link to="/login" search={(old) => old} className={LINK}>
              Log in
            </Link>
          </p>
        </form>
      </CardContent>
    </Card>
  );
}
