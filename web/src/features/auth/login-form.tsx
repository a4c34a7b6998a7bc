import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { entryOptionsQuery } from '@/api/account';
import { login } from '@/api/auth';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Input } from '@/components/ui/input';
import { messageOf } from '@/lib/errors';
import { LINK } from './link';
import { useEnter } from './use-enter';

export function LoginForm() {
  const enter = useEnter();
  const { data: options } = useQuery(entryOptionsQuery);
  const form = useForm({ defaultValues: { email: '', password: '' } });
  const signIn = useMutation({ mutationFn: login, onSuccess: enter });
  const { errors } = form.formState;
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">Log in</CardTitle>
        <CardDescription className="text-sm">Welcome back. Your datasets and models are waiting.</CardDescription>
      </CardHeader>
      <CardContent>
        <form noValidate className="space-y-4" onSubmit={form.handleSubmit((values) => signIn.mutate(values))}>
          <FormField label="Email" error={errors.email?.message}>
            {(control) => (
              <Input
                type="email"
                autoComplete="email"
                autoFocus
                {...control}
                {...form.register('email', { required: 'Enter your e-mail address.' })}
              />
            )}
          </FormField>
          <FormField label="Password" error={errors.password?.message}>
            {(control) => (
              <Input
                type="password"
                autoComplete="current-password"
                {...control}
                {...form.register('password', { required: 'Enter your password.' })}
              />
            )}
          </FormField>
          {options?.passwordReset && (
            <p className="text-right text-sm">
              <Link to="/forgot-password" search={(old) => old} className={LINK}>
                Forgot your password?
              </Link>
            </p>
          )}
          {signIn.isError && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(signIn.error)}
            </p>
          )}
          <Button type="submit" className="w-full" disabled={signIn.isPending}>
            {signIn.isPending ? 'Logging in...' : 'Log in'}
          </Button>
          {options?.signup !== 'closed' && (
            <p className="text-center text-sm text-muted-foreground">
              No account yet?{' '}
              <Link to="/signup" search={(old) => old} className={LINK}>
                Sign up
              </Link>
            </p>
          )}
        </form>
      </CardContent>
    </Card>
  );
}
