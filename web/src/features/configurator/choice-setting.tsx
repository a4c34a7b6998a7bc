import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { Setting } from './setting';

/** A setting that is one of a few. */
export function ChoiceSetting<T extends string>(props: {
  label: string;
  help: string;
  names: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
}) {
  const options = Object.keys(props.names) as T[];
  return (
    <Setting label={props.label} help={props.help}>
      {(id) => (
        <Select
          value={props.value}
          onValueChange={(next) => {
            const option = options.find((known) => known === next);
            if (option) props.onChange(option);
          }}
        >
          <SelectTrigger id={id}>
            <SelectValue />
          </SelectTrigger>
          <SelectContent>
            {options.map((option) => (
              <SelectItem key={option} value={option}>
                {props.names[option]}
              </SelectItem>
            ))}
          </SelectContent>
        </Select>
      )}
    </Setting>
  );
}
