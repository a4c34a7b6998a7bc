import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { SaveIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useForm } from 'react-hook-form';
import { entryOptionsQuery, sendVerification, updateMe } from '@/api/account';
import { meQuery } from '@/api/auth';
import type { User } from '@/api/types';
import { FormField } from '@/components/form-field';
import { Section } from '@/components/section';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { saidAtField } from '@/lib/form-errors';
import { date, words } from '@/lib/format';
import { toast } from '@/lib/toast';

const EmailForm = lazy(() => import('./email-form'));

const MOST = 200;

/** Who one is. The account is known before any page is shown, so nothing is awaited here. */
export function ProfileCard() {
  const { data: user } = useQuery(meQuery);
  if (!user) return null;
  return (
    <Section
      title="Profile"
      about={`Role: ${words(user.role)} • Tier: ${words(user.subscriptionTier)} • since ${date(user.createdAt)}`}
    >
      <div className="max-w-xl space-y-6">
        <ProfileForm user={user} />
        <Address user={user} />
      </div>
    </Section>
  );
}

function ProfileForm({ user }: { user: User }) {
  const client = useQueryClient();
  const form = useForm({ values: { name: user.name, organization: user.organization ?? '' } });
  const save = useMutation({
    mutationFn: updateMe,
    onSuccess: (saved) => {
      client.setQueryData(meQuery.queryKey, saved);
      toast.success('Profile Saved');
    },
    onError: (error) => {
      if (!saidAtField(form, ['name', 'organization'], error)) toast.error(messageOf(error));
    },
  });
  const { errors, isDirty } = form.formState;
  const tooLong = { value: MOST, message: `At most ${MOST} characters.` };
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={form.handleSubmit(({ name, organization }) =>
        save.mutate({ name: name.trim(), organization: organization.trim() }),
      )}
    >
      <FormField label="Name" error={errors.name?.message}>
        {(control) => (
          <Input
            autoComplete="name"
            {...control}
            {...form.register('name', {
              validate: (name) => name.trim() !== '' || 'Enter your name.',
              maxLength: tooLong,
            })}
          />
        )}
      </FormField>
      <FormField label="Organization" hint="Optional" error={errors.organization?.message}>
        {(control) => (
          <Input autoComplete="organization" {...control} {...form.register('organization', { maxLength: tooLong })} />
        )}
      </FormField>
      <Button type="submit" disabled={!isDirty || save.isPending}>
        <SaveIcon aria-hidden className="mr-2" />
        Save Changes
      </Button>
    </form>
  );
}

function Address({ user }: { user: User }) {
  const [changing, setChanging] = useState(false);
  const { data: options } = useQuery(entryOptionsQuery);
  const send = useMutation({
    mutationFn: sendVerification,
    onSuccess: () => toast.success('A link is on its way to your address'),
    onError: (error) => toast.error(messageOf(error)),
  });
  return (
    <div className="space-y-2 border-t pt-6">
      <h3 className="text-sm font-medium">Email</h3>
      <div className="flex flex-wrap items-center gap-3">
        <span className="min-w-0 break-all">{user.email}</span>
        <Badge variant={user.emailVerified ? 'green' : 'secondary'}>
          {user.emailVerified ? 'Confirmed' : 'Not confirmed'}
        </Badge>
        <Button variant="outline" size="sm" aria-expanded={changing} onClick={() => setChanging(!changing)}>
          Change
        </Button>
        {!user.emailVerified && options?.passwordReset && (
          <Button variant="outline" size="sm" disabled={send.isPending} onClick={() => send.mutate()}>
            Send Confirmation Link
          </Button>
        )}
      </div>
      {changing && (
        <Suspense fallback={<Skeleton className="h-40" />}>
          <EmailForm onDone={() => setChanging(false)} />
        </Suspense>
      )}
    </div>
  );
}
