import { expect, it } from 'vitest';
import type { DatasetConversation } from '@/api/types';
import { holds, linesOf } from './find';

const conversation: DatasetConversation = {
  conversationId: 'c-17',
  line: 4,
  persona: 'Anxious Planner',
  emotionalArc: 'fear_to_confidence',
  topic: 'Flat tyre',
  examples: 2,
  contextPairs: 0,
  truncated: false,
  messages: [{ role: 'user', content: 'My Wheel is flat.', trained: false }],
};

it.each(['wheel', ' FLAT ', 'c-17', 'planner', 'fear to', 'tyre'])('finds %j', (text) =>
  expect(holds(conversation, text)).toBe(true),
);

it('does not find what is not there', () => expect(holds(conversation, 'brake')).toBe(false));

it('knows which lines a page covers', () => {
  expect(linesOf([])).toBeUndefined();
  expect(linesOf([{ line: 3 }, { line: 9 }])).toEqual([3, 9]);
});
