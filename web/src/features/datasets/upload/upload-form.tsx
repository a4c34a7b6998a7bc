import { useQuery } from '@tanstack/react-query';
import { catalogueQuery } from '@/api/jobs';
import { Button } from '@/components/ui/button';
import { DialogFooter } from '@/components/ui/dialog';
import { DropZone } from './drop-zone';
import { addFiles, type Entry, faultsOf } from './entries';
import { EntryCard } from './entry-card';

/** Files are chosen and named here before anything is sent. */
export function UploadForm({
  entries,
  onChange,
  onSubmit,
  onCancel,
}: {
  entries: Entry[];
  onChange: (change: (entries: Entry[]) => Entry[]) => void;
  onSubmit: () => void;
  onCancel: () => void;
}) {
  const maxBytes = useQuery(catalogueQuery).data?.maxFileSize;
  const faults = entries.map((entry) => faultsOf(entry, maxBytes));
  const ready = entries.length > 0 && faults.every(({ name, file }) => !name && !file);
  const change = (key: string, patch: Partial<Entry>) =>
    onChange((old) => old.map((entry) => (entry.key === key ? { ...entry, ...patch } : entry)));
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSubmit();
      }}
    >
      <DropZone
        some={entries.length > 0}
        maxBytes={maxBytes}
        onFiles={(files) => onChange((old) => addFiles(old, files))}
      />
      {entries.map((entry, index) => (
        <EntryCard
          key={entry.key}
          entry={entry}
          faults={faults[index] ?? {}}
          alone={entries.length === 1}
          onChange={(patch) => change(entry.key, patch)}
          onRemove={() => onChange((old) => old.filter(({ key }) => key !== entry.key))}
        />
      ))}
      <DialogFooter>
        <Button variant="outline" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" disabled={!ready}>
          {entries.length > 1 ? `Upload ${entries.length} Files` : 'Upload'}
        </Button>
      </DialogFooter>
    </form>
  );
}
