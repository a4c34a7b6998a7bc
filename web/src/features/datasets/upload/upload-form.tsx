import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { inspectHead } from '@/api/datasets';
import { catalogueQuery } from '@/api/jobs';
import type { DatasetFormat } from '@/api/types';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { DialogFooter } from '@/components/ui/dialog';
import { Input, Textarea } from '@/components/ui/input';
import { fieldOf, messageOf } from '@/lib/errors';
import { bytes } from '@/lib/format';
import { DropZone } from './drop-zone';
import { FormatSelect } from './format-select';
import { HeadNote } from './head-note';
import type { UploadRequest } from './use-upload';

/** What the server looks at before the upload, in bytes. */
const HEAD = 100 * 1024;

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
  const form = useForm({
    defaultValues: { name: '', description: '', format: 'brightrun-lora-v4' satisfies DatasetFormat as DatasetFormat },
  });
  const { errors, dirtyFields } = form.formState;
  const inspect = useMutation({
    mutationFn: async (chosen: File) =>
      inspectHead(
        { content: await chosen.slice(0, HEAD).text(), format: form.getValues('format') },
        AbortSignal.timeout(10_000),
      ),
    onSuccess: ({ detectedFormat }) => {
      if (detectedFormat && !form.formState.dirtyFields.format) form.setValue('format', detectedFormat);
    },
  });
  const choose = (chosen: File) => {
    setFile(chosen);
    if (!dirtyFields.name) form.setValue('name', nameFrom(chosen.name));
    inspect.mutate(chosen);
  };
  const submit = form.handleSubmit((values) => file && onSubmit({ file, ...values, name: values.name.trim() }));
  const maxBytes = useQuery(catalogueQuery).data?.maxFileSize;
  const tooLarge = file !== null && maxBytes !== undefined && file.size > maxBytes;
  const serverFault = error === undefined ? undefined : messageOf(error);
  const atName = fieldOf(error) === 'name';
  return (
    <form noValidate className="space-y-4" onSubmit={submit}>
      <DropZone file={file} maxBytes={maxBytes} onFile={choose} />
      {tooLarge && (
        <p role="alert" className="text-sm text-red-600">
          This file has {bytes(file.size)}; at most {bytes(maxBytes)} are accepted.
        </p>
      )}
      {inspect.data && <HeadNote report={inspect.data} />}
      <FormField label="Name" error={errors.name?.message ?? (atName ? serverFault : undefined)}>
        {(control) => (
          <Input
            {...control}
            {...form.register('name', {
              validate: (value) => value.trim() !== '' || 'Give the dataset a name.',
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
          <FormatSelect
            id={id}
            aria-describedby={describedBy}
            value={form.watch('format')}
            onChange={(format) => form.setValue('format', format, { shouldDirty: true })}
          />
        )}
      </FormField>
      {serverFault && !atName && (
        <p role="alert" className="text-sm text-red-600">
          {serverFault}
        </p>
      )}
      <DialogFooter>
        <Button variant="outline" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" disabled={!file || tooLarge}>
          Upload
        </Button>
      </DialogFooter>
    </form>
  );
}
