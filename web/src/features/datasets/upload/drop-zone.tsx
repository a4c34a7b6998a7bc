import { UploadIcon } from 'lucide-react';
import { type DragEvent, useId, useState } from 'react';
import { bytes } from '@/lib/format';
import { cn } from '@/lib/utils';

/** Takes files, dropped or chosen. */
export function DropZone({
  some,
  maxBytes,
  onFiles,
}: {
  /** Whether there are files already. */
  some: boolean;
  /** Shown once it is known. */
  maxBytes: number | undefined;
  onFiles: (files: File[]) => void;
}) {
  const id = useId();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <label
      htmlFor={id}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cn(
        'flex cursor-pointer flex-col items-center gap-2 rounded-lg border-2 border-dashed text-center transition-colors focus-within:ring-[3px] focus-within:ring-ring/50 hover:bg-accent/50',
        some ? 'p-4' : 'p-8',
        over && 'border-blue-500 bg-blue-50',
      )}
    >
      <UploadIcon aria-hidden className={cn('text-muted-foreground', some ? 'size-5' : 'size-8')} />
      <span className="text-sm font-medium">
        {some ? 'Drop more files here, or press to add some' : 'Drop files here, or press to choose them'}
      </span>
      <span className="text-xs text-muted-foreground">
        JSON or JSONL with conversations{maxBytes === undefined ? '' : `, up to ${bytes(maxBytes)} each`}
      </span>
      <input
        id={id}
        type="file"
        multiple
        aria-label="Dataset file"
        accept=".json,.jsonl,.ndjson,.txt,application/json,application/x-ndjson"
        className="sr-only"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </label>
  );
}
