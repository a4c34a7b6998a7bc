import { SaveIcon } from 'lucide-react';
import { useForm } from 'react-hook-form';
import type { AccountSettings } from '@/api/types';
import { FormField } from '@/components/form-field';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { amountFault, amountOf } from '@/lib/amount';
import { fieldOf, messageOf } from '@/lib/errors';
import { usd } from '@/lib/format';
import { useSaveSettings } from './use-save-settings';
import { WithSettings } from './with-settings';

export function BudgetCard() {
  return (
    <Section title="Billing Settings" about="What training may cost you in a month">
      <WithSettings height="h-36">{(settings) => <BudgetForm settings={settings} />}</WithSettings>
    </Section>
  );
}

function BudgetForm({ settings }: { settings: AccountSettings }) {
  const { monthlyBudget, budgetAllowed, budgetInForce } = settings;
  const form = useForm({ values: { budget: monthlyBudget === undefined ? '' : String(monthlyBudget) } });
  const save = useSaveSettings('Budget Saved', 'monthlyBudget');
  const refused = save.isError && fieldOf(save.error) === 'monthlyBudget' ? messageOf(save.error) : undefined;
  const { errors, isDirty } = form.formState;
  const allowed =
    budgetAllowed === undefined ? 'You are allowed any amount.' : `You are allowed ${usd(budgetAllowed)} a month.`;
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={form.handleSubmit(({ budget }) => save.mutate({ monthlyBudget: amountOf(budget) }))}
    >
      <FormField
        label="Monthly Budget Limit"
        hint={`In US dollars. Leave it empty to set none of your own. ${allowed}`}
        error={errors.budget?.message ?? (isDirty ? refused : undefined)}
      >
        {(control) => (
          <div className="flex items-center gap-2">
            <span aria-hidden className="rounded-md bg-muted px-3 py-1.5 text-sm">
              $
            </span>
            <Input
              inputMode="decimal"
              autoComplete="off"
              {...control}
              {...form.register('budget', {
                validate: (typed) =>
                  amountFault(typed, { most: budgetAllowed, mostIs: ', which is what you are allowed' }) ?? true,
              })}
            />
          </div>
        )}
      </FormField>
      <p className="text-sm text-muted-foreground">
        {budgetInForce === undefined
          ? 'No limit is in force.'
          : `In force: ${usd(budgetInForce)}. A job that could go beyond it is not started.`}
      </p>
      <Button type="submit" disabled={!isDirty || save.isPending}>
        <SaveIcon aria-hidden className="mr-2" />
        Save Settings
      </Button>
    </form>
  );
}
