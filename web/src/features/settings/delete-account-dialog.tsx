import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import { requestDeletion } from '@/api/account';
import { meQuery } from '@/api/auth';
import { ConfirmDialog, Consequences } from '@/components/confirm-dialog';
import { FormField } from '@/components/form-field';
import { TypedName } from '@/components/typed-name';
import { Input } from '@/components/ui/input';
import { messageOf } from '@/lib/errors';
import { dateTime } from '@/lib/format';
import { toast } from '@/lib/toast';

export default function DeleteAccountDialog({ email, onClose }: { email: string; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const router = useRouter();
  const leave = useMutation({
    mutationFn: requestDeletion,
    onSuccess: async (user) => {
      // All sessions are over, this one too.
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
      await router.navigate({ to: '/login' });
      const until = user.deletionScheduledFor ? `before ${dateTime(user.deletionScheduledFor)}` : 'within 30 days';
      toast.info('Your account is to be deleted', { description: `Log in ${until} to keep it.`, duration: 15_000 });
    },
  });
  const ready = typed.trim().toLowerCase() === email.toLowerCase() && password !== '';
  return (
    <ConfirmDialog
      title="Delete Account"
      action="Delete Account"
      actionIcon={Trash2Icon}
      ready={ready}
      busy={leave.isPending}
      onConfirm={() => leave.mutate(password)}
      onClose={onClose}
      details={
        <>
          <Consequences
            title="What is deleted"
            points={[
              'You are logged out everywhere, and your API keys stop working now',
              'Data sets, jobs, models and notifications are deleted in 30 days',
              'Until then you can undo it: log in and choose “Keep My Account” in the settings',
            ]}
          />
          <TypedName what="your address" name={email} value={typed} onChange={setTyped} />
          <FormField label="Password" error={leave.isError ? messageOf(leave.error) : undefined}>
            {(control) => (
              <Input
                {...control}
                type="password"
                autoComplete="current-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            )}
          </FormField>
        </>
      }
    >
      In 30 days your account goes with all its data.
    </ConfirmDialog>
  );
}
