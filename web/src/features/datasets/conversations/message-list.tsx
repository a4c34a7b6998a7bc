import type { ReactNode } from 'react';
import type { Message } from '@/api/types';
import { cn } from '@/lib/utils';

/** The messages of a conversation, one under the other. */
export function MessageList({
  messages,
  show,
}: {
  messages: Message[];
  /** What stands for a message's text; without it, the text. */
  show?: (message: Message, index: number) => ReactNode;
}) {
  return (
    <ol className="space-y-2">
      {messages.map((message, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: a conversation's messages never change their order
          key={index}
          className={cn('rounded-md p-3 text-sm', message.role === 'assistant' ? 'bg-blue-50' : 'bg-muted')}
        >
          <p className="mb-1 text-xs font-medium text-muted-foreground">
            <span className="capitalize">{message.role}</span>
            {message.role === 'assistant' && !message.trained && ' (not trained on)'}
          </p>
          <p className="break-words whitespace-pre-wrap">{show ? show(message, index) : message.content}</p>
        </li>
      ))}
    </ol>
  );
}
