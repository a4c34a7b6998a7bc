import { FormField } from '@/components/form-field';
import { Input } from '@/components/ui/input';

/** A name that has to be typed as it is, so that nothing is deleted by a slip. */
export function TypedName({
  what,
  name,
  value,
  placeholder,
  onChange,
}: {
  /** What has the name: “the model name”. */
  what: string;
  name: string;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  return (
    <FormField
      label={
        <span className="leading-6">
          Type {what} to confirm:{' '}
          <code className="rounded bg-muted px-1 py-0.5 font-mono text-xs font-normal break-all">{name}</code>
        </span>
      }
    >
      {(control) => (
        <Input
          {...control}
          autoComplete="off"
          placeholder={placeholder}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </FormField>
  );
}
