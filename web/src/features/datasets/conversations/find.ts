import type { DatasetConversation } from '@/api/types';

/** The lines that a page of conversations covers: `Lines 41–80`. */
export function linesOf(conversations: Pick<DatasetConversation, 'line'>[]): [number, number] | undefined {
  const [first, last] = [conversations[0], conversations.at(-1)];
  return first && last && [first.line, last.line];
}
