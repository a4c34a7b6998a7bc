import { expect, it } from 'vitest';
import type { TokenView } from '@/api/examples';
import { ORDER, PARTS, remarks } from './parts';

const view: TokenView = {
  baseModel: 'brightrun/tiny-chat',
  conversationId: 'c-1',
  cutAnswerTokens: 0,
  dropped: false,
  line: 2,
  maxSeqLength: 512,
  number: 1,
  openAnswers: 0,
  overlong: false,
  segments: [],
  templateRewritesTurns: false,
  tokens: { context: 10, cut: 0, trained: 5 },
};

it('has nothing to say of an ordinary example', () => expect(remarks(view)).toEqual([]));

it('says what is lost of a long one', () => {
  expect(remarks({ ...view, overlong: true, cutAnswerTokens: 1, openAnswers: 2 })).toEqual([
    'It is longer than 512 tokens and is cut there.',
    '1 token of answers are cut off.',
    '2 answers end without an end-of-turn token, so their end is not learned.',
  ]);
  expect(remarks({ ...view, overlong: true, dropped: true })).toEqual([
    'It is left out of the training, for its length.',
  ]);
});

it('tells every part apart by more than its colour', () => {
  const marks = ORDER.map((part) => PARTS[part].look.match(/underline|line-through|border-dashed/)?.[0] ?? 'plain');
  expect(new Set(marks).size).toBe(ORDER.length);
});
