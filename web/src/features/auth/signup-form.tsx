import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { entryOptionsQuery } from '@/api/account';
import { signup } from '@/api/auth';
import { FormField } from '@/components/form-field';
import { NEW_PASSWORD, NEW_PASSWORD_HINT, PasswordField } from '@/components/password-field';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { EMAIL_RULES } from '@/lib/email-rules';
import { fieldOf, messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
import { LINK, tokenOf } from './link';
import { Notice } from './notice';
import { useEnter } from './use-enter';

const FIELDS = ['name', 'email', 'organization', 'password'] as const;

/** Makes an account, freely or by an invitation's link, which carries a token. */
export function SignupForm() {
  const token = tokenOf(useLocation({ select: (location) => location.hash }));
  const { data: options } = useQuery(entryOptionsQuery);
  if (options?.signup === 'closed') {
    return <Notice title="No new accounts">This server takes no new accounts. Ask its administrator for one.</Notice>;
  }
  if (options?.signup === 'invite' && !token) {
    return (
      <Notice title="By invitation only">
        This server takes accounts by invitation. Open the link of yours, or ask an administrator of this server for
        one.
      </Notice>
    );
  }
  return <AccountForm invitation={token} first={options?.firstAccount ?? false} />;
}

function AccountForm({ invitation, first }: { invitation: string | undefined; first: boolean }) {
  const enter = useEnter();
  const form = useForm({ defaultValues: { name: '', email: '', organization: '', password: '' } });
  const create = useMutation({
    mutationFn: signup,
    onSuccess: enter,
    onError: (error) => {
      saidAtField(form, FIELDS, error);
    },
  });
  const { errors } = form.formState;
  const unplaced = create.isError && !FIELDS.some((name) => name === fieldOf(create.error));
  const submit = form.handleSubmit(({ organization, ...values }) =>
    create.mutate({
      ...values,
      ...(organization.trim() && { organization: organization.trim() }),
      ...(invitation && { invitation }),
    }),
  );
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">{invitation ? 'Accept your invitation' : 'Create your account'}</CardTitle>
        <CardDescription className="text-sm">
          {invitation
            ? 'Use the e-mail address that was invited. The invitation works once.'
            : 'Train adapters on your own conversations.'}
          {first && ' The first account of a server becomes its administrator.'}
        </CardDescription>
      </CardHeader>
      <CardContent>
        <form noValidate className="space-y-4" onSubmit={submit}>
          <FormField label="Name" error={errors.name?.message}>
            {(control) => (
              <Input
                autoComplete="name"
                autoFocus
                {...control}
                {...form.register('name', { required: 'Enter your name.' })}
              />
            )}
          </FormField>
          <FormField label="Email" error={errors.email?.message}>
            {(control) => (
              <Input type="email" autoComplete="email" {...control} {...form.register('email', EMAIL_RULES)} />
            )}
          </FormField>
          <FormField label="Organization" hint="Optional">
            {(control) => <Input autoComplete="organization" {...control} {...form.register('organization')} />}
          </FormField>
          <PasswordField
            label="Password"
            hint={NEW_PASSWORD_HINT}
            error={errors.password?.message}
            registration={form.register('password', NEW_PASSWORD)}
          />
          {unplaced && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(create.error)}
            </p>
          )}
          <Button type="submit" className="w-full" disabled={create.isPending}>
            {create.isPending ? 'Creating account...' : 'Sign up'}
          </Button>
          <p className="text-center text-sm text-muted-foreground">
            Already have an account?{' '}
            <Link to="/login" search={(old) => old} className={LINK}>
              Log in
            </Link>
          </p>
        </form>
      </CardContent>
    </Card>
  );
}
