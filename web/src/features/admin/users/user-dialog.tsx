import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { Controller, useForm } from 'react-hook-form';
import { type AdminUser, type Role, type Tier, updateUser } from '@/api/admin';
import { meQuery } from '@/api/auth';
import { Choice } from '@/components/choice';
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
import { Label } from '@/components/ui/label';
import { Switch } from '@/components/ui/switch';
import { amountFault, amountOf } from '@/lib/amount';
import { fieldOf, messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';
import { ROLES, TIERS } from '../roles';

interface Values {
  role: Role;
  subscriptionTier: Tier;
  monthlyBudget: string;
  enabled: boolean;
}

/** What an account may do, spend and be. Only what was changed is sent. */
export default function UserDialog({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const client = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const id = useId();
  const form = useForm<Values>({
    defaultValues: {
      role: user.role,
      subscriptionTier: user.subscriptionTier,
      monthlyBudget: user.monthlyBudget === undefined ? '' : String(user.monthlyBudget),
      enabled: !user.disabled,
    },
  });
  const { errors, dirtyFields, isDirty } = form.formState;
  const save = useMutation({
    mutationFn: (values: Values) =>
      updateUser(user.id, {
        ...(dirtyFields.role && { role: values.role }),
        ...(dirtyFields.subscriptionTier && { subscriptionTier: values.subscriptionTier }),
        ...(dirtyFields.monthlyBudget && { monthlyBudget: amountOf(values.monthlyBudget) }),
        ...(dirtyFields.enabled && { disabled: !values.enabled }),
      }),
    onSuccess: () => {
      toast.success('Account Changed', { description: user.name });
      void client.invalidateQueries({ queryKey: ['admin'] });
      if (user.id === me?.id) void client.invalidateQueries({ queryKey: meQuery.queryKey });
      onClose();
    },
  });
  const atBudget = save.isError && fieldOf(save.error) === 'monthlyBudget';
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="break-words">Edit {user.name}</DialogTitle>
          <DialogDescription className="break-all">{user.email}</DialogDescription>
        </DialogHeader>
        <form noValidate className="space-y-4" onSubmit={form.handleSubmit((values) => save.mutate(values))}>
          <FormField label="Role" hint="Administrators do all; billing administrators see the costs of everybody">
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
          <FormField label="Tier">
            {(control) => (
              <Controller
                control={form.control}
                name="subscriptionTier"
                render={({ field }) => (
                  <Choice {...control} value={field.value} options={TIERS} onChange={field.onChange} />
                )}
              />
            )}
          </FormField>
          <FormField
            label="Monthly budget in US dollars"
            hint="Empty means what the tier allows"
            error={errors.monthlyBudget?.message ?? (atBudget ? messageOf(save.error) : undefined)}
          >
            {(control) => (
              <Input
                inputMode="decimal"
                autoComplete="off"
                {...control}
                {...form.register('monthlyBudget', { validate: (typed) => amountFault(typed) ?? true })}
              />
            )}
          </FormField>
          <div className="flex items-start justify-between gap-4">
            <div>
              <Label htmlFor={id}>May log in</Label>
              <p id={`${id}-note`} className="mt-1 text-xs text-muted-foreground">
                Without it, its sessions end and its API keys stop at once{user.id === me?.id && ' — yours too'}
              </p>
            </div>
            <Controller
              control={form.control}
              name="enabled"
              render={({ field }) => (
                <Switch
                  id={id}
                  aria-describedby={`${id}-note`}
                  checked={field.value}
                  onCheckedChange={field.onChange}
                />
              )}
            />
          </div>
          {save.isError && !atBudget && (
            <p role="alert" className="text-sm text-red-600">
              {messageOf(save.error)}
            </p>
          )}
          <DialogFooter>
            <Button variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!isDirty || save.isPending}>
              Save Changes
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
