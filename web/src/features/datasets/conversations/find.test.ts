import { expect, it } from 'vitest';
import { linesOf } from './find';

it('knows which lines a page covers', () => {
  expect(linesOf([])).toBeUndefined();
  expect(linesOf([{ line: 3 }, { line: 9 }])).toEqual([3, 9]);
});
