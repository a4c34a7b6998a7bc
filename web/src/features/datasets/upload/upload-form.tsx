import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { DialogFooter } from '@/components/ui/dialog';
import { Input, Textarea } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { fieldOf, messageOf } from '@/lib/errors';
import { DropZone } from './drop-zone';
import type { UploadRequest } from './use-upload';

const FORMATS = [
  { value: 'brightrun-lora-v4', label: 'BrightRun v4 (JSON or JSONL)' },
  { value: 'brightrun-lora-v3', label: 'BrightRun v3 (legacy)' },
  { value: 'openai-chat', label: 'OpenAI chat messages' },
  { value: 'sharegpt', label: 'ShareGPT conversations' },
  { value: 'alpaca', label: 'Alpaca instructions' },
  { value: 'prompt-completion', label: 'Prompt and completion' },
];

/** `my_notes-v2.jsonl` → `my notes v2`. */
function nameFrom(fileName: string): string {
  return fileName
    .replace(/\.(jsonl?|ndjson)$/i, '')
    .replace(/[_-]+/g, ' ')
    .trim();
}

export function UploadForm({
  error,
  onSubmit,
  onCancel,
}: {
  error: unknown;
  onSubmit: (request: UploadRequest) => void;
  onCancel: () => void;
}) {
  const [file, setFile] = useState<File | null>(null);
  const form = useForm({ defaultValues: { name: '', description: '', format: 'brightrun-lora-v4' } });
  const { errors, dirtyFields } = form.formState;
  const choose = (chosen: File) => {
    setFile(chosen);
    if (!dirtyFields.name) form.setValue('name', nameFrom(chosen.name));
  };
  const submit = form.handleSubmit((values) => file && onSubmit({ file, ...values, name: values.name.trim() }));
  const serverFault = error === undefined ? undefined : messageOf(error);
  const atName = fieldOf(error) === 'name';
  return (
    <form noValidate className="space-y-4" onSubmit={submit}>
      <DropZone file={file} onFile={choose} />
      <FormField label="Name" error={errors.name?.message ?? (atName ? serverFault : undefined)}>
        {(control) => (
          <Input
            {...control}
            {...form.register('name', {
              validate: (value) => value.trim() !== '' || 'Give the data set a name.',
              maxLength: { value: 200, message: 'Use at most 200 characters.' },
            })}
          />
        )}
      </FormField>
      <FormField label="Description" hint="Optional">
        {(control) => <Textarea {...control} {...form.register('description')} />}
      </FormField>
      <FormField
        label="Format"
        hint="If the file turns out to be of another format, that one is used and you are told."
      >
        {({ id, 'aria-describedby': describedBy }) => (
          <Select value={form.watch('format')} onValueChange={(value) => form.setValue('format', value)}>
            <SelectTrigger id={id} aria-describedby={describedBy}>
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              {FORMATS.map(({ value, label }) => (
                <SelectItem key={value} value={value}>
                  {label}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
        )}
      </FormField>
      {serverFault && !atName && (
        <p role="alert" className="text-sm text-destructive">
          {serverFault}
        </p>
      )}
      <DialogFooter>
        <Button variant="outline" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" disabled={!file}>
          Upload
        </Button>
      </DialogFooter>
    </form>
  );
}
