import type { DatasetFormat } from '@/api/types';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';

const FORMATS: { value: DatasetFormat; label: string }[] = [
  { value: 'brightrun-lora-v4', label: 'BrightRun v4 (JSON or JSONL)' },
  { value: 'brightrun-lora-v3', label: 'BrightRun v3 (legacy)' },
  { value: 'openai-chat', label: 'OpenAI chat messages' },
  { value: 'sharegpt', label: 'ShareGPT conversations' },
  { value: 'alpaca', label: 'Alpaca instructions' },
  { value: 'prompt-completion', label: 'Prompt and completion' },
];

export function FormatSelect({
  value,
  onChange,
  ...trigger
}: {
  value: DatasetFormat;
  onChange: (format: DatasetFormat) => void;
  id: string;
  'aria-describedby': string | undefined;
}) {
  const choose = (next: string) => {
    const format = FORMATS.find((known) => known.value === next);
    if (format) onChange(format.value);
  };
  return (
    <Select value={value} onValueChange={choose}>
      <SelectTrigger {...trigger}>
        <SelectValue />
      </SelectTrigger>
      <SelectContent>
        {FORMATS.map((format) => (
          <SelectItem key={format.value} value={format.value}>
            {format.label}
          </SelectItem>
        ))}
      </SelectContent>
    </Select>
  );
}
