import { expect, it } from 'vitest';
import { diff } from './text-diff';

it('shows the words that went and those that came', () => {
  expect(diff('Write to ada@example.org or call me.', 'Write to [email] or call me.')).toEqual([
    { text: 'Write to ', kind: 'same' },
    { text: 'ada@example.org ', kind: 'removed' },
    { text: '[email] ', kind: 'added' },
    { text: 'or call me.', kind: 'same' },
  ]);
});

it('keeps what lies between two changes', () => {
  const pieces = diff('a x b c y d', 'a b c z d');
  expect(pieces.map(({ text, kind }) => `${kind[0]}:${text.trim()}`)).toEqual([
    's:a',
    'r:x',
    's:b c',
    'r:y',
    'a:z',
    's:d',
  ]);
});

it('of the same has one piece, of nothing none', () => {
  expect(diff('as it was', 'as it was')).toEqual([{ text: 'as it was', kind: 'same' }]);
  expect(diff('', '')).toEqual([]);
  expect(diff('', 'new')).toEqual([{ text: 'new', kind: 'added' }]);
});

it('does not compare novels word by word', () => {
  const [long, other] = ['a '.repeat(3000), 'b '.repeat(3000)];
  expect(diff(long, other).map((piece) => piece.kind)).toEqual(['removed', 'added']);
});
