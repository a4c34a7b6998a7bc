import { useQuery } from '@tanstack/react-query';
import { FileTextIcon, XIcon } from 'lucide-react';
import { useEffect } from 'react';
import { inspectHead } from '@/api/datasets';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Input, Textarea } from '@/components/ui/input';
import { bytes } from '@/lib/format';
import type { Entry, EntryFaults } from './entries';
import { FormatSelect } from './format-select';
import { HeadNote } from './head-note';

/** What the server looks at before the upload, in bytes. */
const HEAD = 100 * 1024;

/** A chosen file: what its beginning looks like, and what it will be called. */
export function EntryCard({
  entry,
  faults,
  alone,
  onChange,
  onRemove,
}: {
  entry: Entry;
  faults: EntryFaults;
  /** Whether it is the only one: there is then room for a description. */
  alone: boolean;
  onChange: (patch: Partial<Entry>) => void;
  onRemove: () => void;
}) {
  const { file, formatChosen } = entry;
  const { data: report } = useQuery({
    queryKey: ['datasets', 'head', entry.key],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) =>
      inspectHead({ content: await file.slice(0, HEAD).text(), format: entry.format }, signal),
  });
  const detected = report?.detectedFormat;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was detected is taken over once
  useEffect(() => {
    if (detected && !formatChosen) onChange({ format: detected });
  }, [detected]);
  return (
    <section aria-label={file.name} className="space-y-4 rounded-lg border p-4">
      <div className="flex items-center gap-3">
        <FileTextIcon aria-hidden className="size-5 shrink-0 text-muted-foreground" />
        <p className="min-w-0 flex-1 text-sm font-medium break-all">
          {file.name} <span className="font-normal text-muted-foreground">({bytes(file.size)})</span>
        </p>
        <Button variant="ghost" size="icon" aria-label={`Remove ${file.name}`} onClick={onRemove}>
          <XIcon aria-hidden />
        </Button>
      </div>
      {faults.file && (
        <p role="alert" className="text-sm text-red-600">
          {faults.file}
        </p>
      )}
      {report && <HeadNote report={report} />}
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <FormField label="Name" error={faults.name}>
          {(control) => (
            <Input {...control} value={entry.name} onChange={(event) => onChange({ name: event.target.value })} />
          )}
        </FormField>
        <FormField label="Format" hint="What is detected wins, and you are told.">
          {({ id, 'aria-describedby': describedBy }) => (
            <FormatSelect
              id={id}
              aria-describedby={describedBy}
              value={entry.format}
              onChange={(format) => onChange({ format, formatChosen: true })}
            />
          )}
        </FormField>
      </div>
      {alone && (
        <FormField label="Description" hint="Optional">
          {(control) => (
            <Textarea
              {...control}
              maxLength={5000}
              value={entry.description}
              onChange={(event) => onChange({ description: event.target.value })}
            />
          )}
        </FormField>
      )}
    </section>
  );
}
