import { MessageSquareIcon } from 'lucide-react';
import type { Conversation, DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { Badge } from '@/components/ui/badge';
import { integer, plural, words } from '@/lib/format';
import { cn } from '@/lib/utils';

export function ConversationsTab({ dataset }: { dataset: DatasetDetail }) {
  const samples = dataset.sampleConversations ?? [];
  if (samples.length === 0) {
    return (
      <EmptyState icon={MessageSquareIcon} title="No sample conversations">
        Samples are taken when a file passes validation.
      </EmptyState>
    );
  }
  return (
    <div className="space-y-4">
      <div>
        <h3 className="font-semibold">Sample Conversations</h3>
        <p className="text-sm text-muted-foreground">
          {integer(samples.length)} of {integer(dataset.totalConversations)}
        </p>
      </div>
      {samples.map((sample) => (
        <Sample key={sample.conversationId} sample={sample} />
      ))}
    </div>
  );
}

function Sample({ sample }: { sample: Conversation }) {
  const about = [sample.persona, sample.emotionalArc && words(sample.emotionalArc)].filter(Boolean).join(' • ');
  const turns = sample.messages.filter((message) => message.role !== 'system').length;
  return (
    <details className="rounded-lg border p-4">
      <summary className="cursor-pointer">
        <span className="font-medium">{sample.topic ? words(sample.topic) : sample.conversationId}</span>{' '}
        <Badge variant="outline" className="ml-2 align-middle">
          {plural(turns, 'turn')}
        </Badge>
        {about && <span className="mt-1 block text-sm text-muted-foreground">{about}</span>}
      </summary>
      <ol className="mt-3 space-y-2">
        {sample.messages.map((message, index) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: a conversation's messages never change their order
            key={index}
            className={cn('rounded-md p-3 text-sm', message.role === 'assistant' ? 'bg-blue-50' : 'bg-muted')}
          >
            <p className="mb-1 text-xs font-medium text-muted-foreground capitalize">{message.role}</p>
            <p className="break-words whitespace-pre-wrap">{message.content}</p>
          </li>
        ))}
      </ol>
    </details>
  );
}
