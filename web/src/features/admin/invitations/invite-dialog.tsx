import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Controller, useForm } from 'react-hook-form';
import { createInvitation, type Role } from '@/api/admin';
import { Choice } from '@/components/choice';
import { FormField } from '@/components/form-field';
import { Secret } from '@/components/secret';
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
import { fieldOf, messageOf } from '@/lib/errors';
import { dateTime } from '@/lib/format';
import { linkOf } from '../link-of';
import { ROLES } from '../roles';

const MOST_DAYS = 90;

interface Values {
  email: string;
  role: Role;
  days: string;
}

/** Makes an invitation, and then shows its link this once. */
export default function InviteDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: ({ email, role, days }: Values) =>
      createInvitation({ role, expiresInDays: Number(days), ...(email.trim() && { email: email.trim() }) }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['admin'] }),
  });
  const made = create.data;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>{made ? 'Invitation Made' : 'Invite Somebody'}</DialogTitle>
          <DialogDescription>
            {made
              ? `${made.mailed ? 'It was sent by mail. ' : ''}It works once, until ${dateTime(made.invitation.expiresAt)}.`
              : 'Whoever opens the link makes an account in the role that you choose.'}
          </DialogDescription>
        </DialogHeader>
        {made ? (
          <>
            <Secret label="Invitation link" value={linkOf(made, '/signup')} />
            <DialogFooter>
              <Button onClick={onClose}>Done</Button>
            </DialogFooter>
          </>
        ) : (
          <InviteForm busy={create.isPending} error={create.error} onSubmit={create.mutate} onClose={onClose} />
        )}
      </DialogContent>
    </Dialog>
  );
}

function InviteForm(props: { busy: boolean; error: unknown; onSubmit: (values: Values) => void; onClose: () => void }) {
  const form = useForm<Values>({ defaultValues: { email: '', role: 'user', days: '7' } });
  const { errors } = form.formState;
  const refused = props.error ? messageOf(props.error) : undefined;
  const field = fieldOf(props.error);
  return (
    <form noValidate className="space-y-4" onSubmit={form.handleSubmit(props.onSubmit)}>
      <FormField
        label="E-mail address"
        hint="The only address that can use it, and where it is sent if this server sends mail. Leave it empty for anybody."
        error={errors.email?.message ?? (field === 'email' ? refused : undefined)}
      >
        {(control) => (
          <Input
            type="email"
            autoComplete="off"
            {...control}
            {...form.register('email', {
              pattern: { value: /^\s*(\S+@\S+)?\s*$/, message: 'This is not an e-mail address.' },
              maxLength: { value: 254, message: 'At most 254 characters.' },
            })}
          />
        )}
      </FormField>
      <FormField label="Role">
        {(control) => (
          <Controller
            control={form.control}
            name="role"
            render={({ field }) => (
              <Choice {...control} value={field.value} options={ROLES} onChange={field.onChange} />
            )}
          />
        )}
      </FormField>
      <FormField
        label="Good for days"
        error={errors.days?.message ?? (field === 'expiresInDays' ? refused : undefined)}
      >
        {(control) => (
          <Input
            inputMode="numeric"
            autoComplete="off"
            {...control}
            {...form.register('days', {
              validate: (days) =>
                (/^\d+$/.test(days.trim()) && Number(days) >= 1 && Number(days) <= MOST_DAYS) ||
                `Enter a number from 1 to ${MOST_DAYS}.`,
            })}
          />
        )}
      </FormField>
      {refused && field !== 'email' && field !== 'expiresInDays' && (
        <p role="alert" className="text-sm text-red-600">
          {refused}
        </p>
      )}
      <DialogFooter>
        <Button variant="outline" onClick={props.onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={props.busy}>
          Make Invitation
        </Button>
      </DialogFooter>
    </form>
  );
}
