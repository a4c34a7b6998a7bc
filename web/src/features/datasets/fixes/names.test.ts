import { expect, it } from 'vitest';
import { best, fixesOf, offered } from './names';

it('collects what the findings offer, each once', () => {
  const groups = [
    { fixes: ['split_over_long' as const, 'drop_over_long' as const] },
    { fixes: ['drop_rejected' as const] },
    { fixes: [] },
    { fixes: ['drop_rejected' as const] },
  ];
  expect(offered(groups)).toEqual(['drop_rejected', 'drop_over_long', 'split_over_long']);
  expect(best(groups)).toEqual(['drop_rejected', 'split_over_long']);
});

it('reads the fixes of an address and drops what it does not know', () => {
  expect(fixesOf('merge_turns,nothing,drop_rejected')).toEqual(['drop_rejected', 'merge_turns']);
  expect(fixesOf('nothing')).toBeUndefined();
  expect(fixesOf(7)).toBeUndefined();
});
