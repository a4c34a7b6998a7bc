import { expect, it } from 'vitest';
import { coverage } from './coverage';

const cell = (persona: string, arc: string, pairs: number) => ({ persona, personaName: persona, arc, pairs });

it('counts the pairs that name what they are about', () => {
  expect(coverage([cell('a', 'x', 6), cell('a', 'unknown', 2), cell('unknown', 'unknown', 2)])).toEqual({
    persona: 80,
    arc: 60,
  });
  expect(coverage([])).toBeUndefined();
});
