import { SaveIcon } from 'lucide-react';
import { useId } from 'react';
import { useForm } from 'react-hook-form';
import type { AccountSettings } from '@/api/types';
import { FormField } from '@/components/form-field';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { fieldOf, messageOf } from '@/lib/errors';
import { useSaveSettings } from './use-save-settings';
import { WithSettings } from './with-settings';

export function TimeZoneCard() {
  return (
    <Section title="Time Zone" about="In which your weeks begin and end in the weekly summary">
      <WithSettings height="h-28">{(settings) => <ZoneForm settings={settings} />}</WithSettings>
    </Section>
  );
}

function ZoneForm({ settings }: { settings: AccountSettings }) {
  const list = useId();
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const form = useForm({ values: { timezone: settings.timezone } });
  const save = useSaveSettings('Time Zone Saved', 'timezone');
  const refused = save.isError && fieldOf(save.error) === 'timezone' ? messageOf(save.error) : undefined;
  const { errors, isDirty } = form.formState;
  return (
    <form
      noValidate
      className="max-w-xl space-y-4"
      onSubmit={form.handleSubmit(({ timezone }) => save.mutate({ timezone: timezone.trim() }))}
    >
      <FormField
        label="Time zone"
        hint="Such as Europe/Vienna"
        error={errors.timezone?.message ?? (isDirty ? refused : undefined)}
      >
        {(control) => (
          <Input
            {...control}
            list={list}
            autoComplete="off"
            {...form.register('timezone', { required: 'Choose a time zone.' })}
          />
        )}
      </FormField>
      <datalist id={list}>
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" disabled={!isDirty || save.isPending}>
          <SaveIcon aria-hidden className="mr-2" />
          Save Time Zone
        </Button>
        {here !== settings.timezone && (
          <Button variant="outline" onClick={() => form.setValue('timezone', here, { shouldDirty: true })}>
            Take {here}
          </Button>
        )}
      </div>
    </form>
  );
}
