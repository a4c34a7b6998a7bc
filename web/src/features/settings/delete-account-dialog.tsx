import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Trash2Icon, TriangleAlertIcon } from 'lucide-react';
import { useState } from 'react';
import { requestDeletion } from '@/api/account';
import { meQuery } from '@/api/auth';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
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
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <TriangleAlertIcon aria-hidden className="size-5 text-red-600" />
            Delete Account
          </DialogTitle>
          <DialogDescription>In 30 days your account goes with all its data.</DialogDescription>
        </DialogHeader>
        <ul className="list-inside list-disc space-y-1 rounded-lg border border-red-200 bg-red-50 p-4 text-sm text-red-800">
          <li>You are logged out everywhere, and your API keys stop working now</li>
          <li>Data sets, jobs, models and notifications are deleted in 30 days</li>
          <li>Until then you can undo it: log in and choose “Keep My Account” in the settings</li>
        </ul>
        <form
          className="contents"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) leave.mutate(password);
          }}
        >
          <FormField label={<span className="break-all">Type “{email}” to confirm</span>}>
            {(control) => (
              <Input {...control} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
            )}
          </FormField>
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
          <DialogFooter>
            <Button variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" variant="destructive" disabled={!ready || leave.isPending}>
              <Trash2Icon aria-hidden />
              Delete Account
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
