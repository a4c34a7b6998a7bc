import { FileTextIcon, UploadIcon } from 'lucide-react';
import { type DragEvent, useId, useState } from 'react';
import { bytes } from '@/lib/format';
import { cn } from '@/lib/utils';

/** Takes one file, dropped or chosen. */
export function DropZone({
  file,
  maxBytes,
  onFile,
}: {
  file: File | null;
  /** Shown once it is known. */
  maxBytes: number | undefined;
  onFile: (file: File) => void;
}) {
  const id = useId();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped) onFile(dropped);
  };
  const Icon = file ? FileTextIcon : UploadIcon;
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
        'flex cursor-pointer flex-col items-center gap-2 rounded-lg border-2 border-dashed p-8 text-center transition-colors focus-within:ring-[3px] focus-within:ring-ring/50 hover:bg-accent/50',
        over && 'border-blue-500 bg-blue-50',
      )}
    >
      <Icon aria-hidden className="size-8 text-muted-foreground" />
      {file ? (
        <span className="max-w-full text-sm font-medium break-all">
          {file.name} <span className="text-muted-foreground">({bytes(file.size)})</span>
        </span>
      ) : (
        <span className="text-sm font-medium">Drop a file here, or press to choose one</span>
      )}
      <span className="text-xs text-muted-foreground">
        {file
          ? 'Press to choose another'
          : `JSON or JSONL with conversations${maxBytes === undefined ? '' : `, up to ${bytes(maxBytes)}`}`}
      </span>
      <input
        id={id}
        type="file"
        aria-label="Dataset file"
        accept=".json,.jsonl,.ndjson,application/json,application/x-ndjson"
        className="sr-only"
        onChange={(event) => {
          const [chosen] = event.target.files ?? [];
          if (chosen) onFile(chosen);
          event.target.value = '';
        }}
      />
    </label>
  );
}
