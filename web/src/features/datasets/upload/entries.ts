import type { DatasetFormat } from '@/api/types';
import { bytes } from '@/lib/format';
import { randomKey } from '@/lib/random';

/** A chosen file with what will be said about it. */
export interface Entry {
  key: string;
  file: File;
  name: string;
  description: string;
  format: DatasetFormat;
  /** Whether the format was chosen by hand: then what is detected does not change it. */
  formatChosen: boolean;
}

/** `my_notes-v2.jsonl` → `my notes v2`. */
export function nameFrom(fileName: string): string {
  return fileName
    .replace(/\.(jsonl?|ndjson|txt)$/i, '')
    .replace(/[_-]+/g, ' ')
    .trim()
    .slice(0, 200);
}

function newEntry(file: File): Entry {
  return {
    key: randomKey(),
    file,
    name: nameFrom(file.name),
    description: '',
    format: 'brightrun-lora-v4',
    formatChosen: false,
  };
}

/** Adds files to those that are chosen already; the same file is there once. */
export function addFiles(entries: Entry[], files: File[]): Entry[] {
  const same = (a: File, b: File) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
  const fresh = files.filter((file) => !entries.some((entry) => same(entry.file, file)));
  return [...entries, ...fresh.map(newEntry)];
}

export interface EntryFaults {
  name?: string;
  file?: string;
}

/** What keeps a file from being uploaded. `maxBytes` is the account's limit, once it is known. */
export function faultsOf({ name, file }: Pick<Entry, 'name' | 'file'>, maxBytes: number | undefined): EntryFaults {
  const length = name.trim().length;
  return {
    ...(length === 0 && { name: 'Give the dataset a name.' }),
    ...(length > 200 && { name: 'Use at most 200 characters.' }),
    ...(file.size === 0 && { file: 'This file is empty.' }),
    ...(maxBytes !== undefined &&
      file.size > maxBytes && {
        file: `This file has ${bytes(file.size)}; at most ${bytes(maxBytes)} are accepted.`,
      }),
  };
}
