import type { DatasetConversation } from '@/api/types';

/** Whether a conversation holds a text: in a message, its topic, persona, arc or id. Case does not count. */
export function holds(conversation: DatasetConversation, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  const { conversationId, topic, persona, emotionalArc, messages } = conversation;
  const parts = [conversationId, topic, persona, emotionalArc?.replaceAll('_', ' '), ...messages.map((m) => m.content)];
  return parts.some((part) => part?.toLowerCase().includes(wanted));
}

/** The lines that a page of conversations covers: `Lines 41–80`. */
export function linesOf(conversations: Pick<DatasetConversation, 'line'>[]): [number, number] | undefined {
  const [first, last] = [conversations[0], conversations.at(-1)];
  return first && last && [first.line, last.line];
}
