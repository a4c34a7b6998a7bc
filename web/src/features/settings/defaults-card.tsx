import { useQuery } from '@tanstack/react-query';
import { catalogueQuery } from '@/api/jobs';
import type { AccountSettings, Catalogue } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { FormField } from '@/components/form-field';
import { Section } from '@/components/section';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { Skeleton } from '@/components/ui/skeleton';
import { useSaveSettings } from './use-save-settings';
import { WithSettings } from './with-settings';

/** Stands for no choice of one's own; a list's entry cannot be empty. */
const NONE = '-';

export function DefaultsCard() {
  const { data, error, refetch } = useQuery(catalogueQuery);
  return (
    <Section title="Training Defaults" about="What a job takes whose request names nothing else">
      {data ? (
        <WithSettings height="h-40">{(settings) => <Defaults settings={settings} catalogue={data} />}</WithSettings>
      ) : error ? (
        <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-40" />
      )}
    </Section>
  );
}

function Defaults({ settings, catalogue }: { settings: AccountSettings; catalogue: Catalogue }) {
  const save = useSaveSettings('Defaults Saved');
  return (
    <div className="grid max-w-3xl gap-4 md:grid-cols-2">
      <Choice
        label="Default base model"
        value={settings.defaultBaseModel}
        options={catalogue.baseModels}
        disabled={save.isPending}
        onChange={(defaultBaseModel) => save.mutate({ defaultBaseModel })}
      />
      <Choice
        label="Default GPU type"
        value={settings.defaultInstanceType}
        options={catalogue.instanceTypes}
        disabled={save.isPending}
        onChange={(defaultInstanceType) => save.mutate({ defaultInstanceType })}
      />
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string | undefined;
  options: { id: string; displayName: string }[];
  disabled: boolean;
  onChange: (id: string | null) => void;
}) {
  const known = props.value === undefined || props.options.some(({ id }) => id === props.value);
  return (
    <FormField label={props.label} hint={known ? undefined : 'This one is not offered any more.'}>
      {(control) => (
        <Select
          value={props.value ?? NONE}
          disabled={props.disabled}
          onValueChange={(id) => props.onChange(id === NONE ? null : id)}
        >
          <SelectTrigger {...control}>
            <SelectValue />
          </SelectTrigger>
          <SelectContent>
            <SelectItem value={NONE}>As the server has it</SelectItem>
            {!known && props.value !== undefined && <SelectItem value={props.value}>{props.value}</SelectItem>}
            {props.options.map(({ id, displayName }) => (
              <SelectItem key={id} value={id}>
                {displayName}
              </SelectItem>
            ))}
          </SelectContent>
        </Select>
      )}
    </FormField>
  );
}
