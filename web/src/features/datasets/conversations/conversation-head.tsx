import type { Conversation, DatasetConversation } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { decimal, integer, plural, words } from '@/lib/format';

/** What a conversation is about, in two lines. */
export function ConversationHead({
  conversation,
  colour,
}: {
  conversation: Conversation | DatasetConversation;
  /** Of its persona, where there is one. */
  colour: string | undefined;
}) {
  const { topic, conversationId, persona, emotionalArc, messages } = conversation;
  const turns = messages.filter((message) => message.role !== 'system').length;
  const inFile = 'line' in conversation ? conversation : undefined;
  const about = [
    persona,
    emotionalArc && words(emotionalArc),
    inFile && `line ${integer(inFile.line)}`,
    inFile && plural(inFile.examples, 'example'),
    inFile?.qualityScore !== undefined && `quality ${decimal(inFile.qualityScore, 1)}`,
    inFile?.split && `split: ${inFile.split}`,
  ].filter(Boolean);
  return (
    <>
      <span className="flex items-start justify-between gap-3">
        <span className="font-medium break-words">{topic ? words(topic) : conversationId}</span>
        <Badge variant="outline">{plural(turns, 'turn')}</Badge>
      </span>
      {about.length > 0 && (
        <span className="mt-1 flex items-center gap-2 text-sm text-muted-foreground">
          {persona && colour && (
            <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ backgroundColor: colour }} />
          )}
          <span>{about.join(' • ')}</span>
        </span>
      )}
    </>
  );
}
