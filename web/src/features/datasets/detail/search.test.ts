import { expect, it } from 'vitest';
import { parseDetailSearch } from './search';

it('reads what it knows of an address and drops the rest', () => {
  expect(parseDetailSearch({} as never)).toEqual({});
  expect(
    parseDetailSearch({
      show: 'conversations',
      fix: 'merge_turns',
      all: true,
      from: '7b22',
      find: 42,
      line: 12,
    } as never),
  ).toEqual({ show: 'conversations', fix: 'merge_turns', all: true, from: '7b22', find: '42', line: 12 });
  expect(parseDetailSearch({ show: 'x', fix: 7, all: 'yes', from: {}, find: [], line: -1 } as never)).toEqual({});
});
