import { expect, it } from 'vitest';
import { addFiles, faultsOf, nameFrom } from './entries';

const file = (name: string, size = 3) => new File(['x'.repeat(size)], name, { lastModified: 1 });

it('names a data set after its file', () => {
  expect(nameFrom('my_notes-v2.jsonl')).toBe('my notes v2');
  expect(nameFrom('talks.final.JSON')).toBe('talks.final');
});

it('takes several files, and each once', () => {
  const two = addFiles([], [file('a.json'), file('b.json')]);
  expect(addFiles(two, [file('a.json'), file('a.json', 9)]).map((entry) => [entry.name, entry.file.size])).toEqual([
    ['a', 3],
    ['b', 3],
    ['a', 9],
  ]);
});

it('says what keeps a file from being uploaded', () => {
  expect(faultsOf({ name: 'x', file: file('a.json') }, 10)).toEqual({});
  expect(faultsOf({ name: ' ', file: file('a.json', 0) }, undefined)).toEqual({
    name: 'Give the dataset a name.',
    file: 'This file is empty.',
  });
  expect(faultsOf({ name: 'x', file: file('a.json', 11) }, 10).file).toBe(
    'This file has 11 B; at most 10 B are accepted.',
  );
});
