import { getRouteApi } from '@tanstack/react-router';
import { MessageSquareIcon } from 'lucide-react';
import type { DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { Button } from '@/components/ui/button';
import { integer } from '@/lib/format';
import { AllConversations } from '../conversations/all-conversations';
import { ConversationHead } from '../conversations/conversation-head';
import { MessageList } from '../conversations/message-list';
import { coloursOf } from '../look';

const route = getRouteApi('/_app/datasets/$id');

export function ConversationsTab({ dataset }: { dataset: DatasetDetail }) {
  const { all } = route.useSearch();
  const navigate = route.useNavigate();
  const samples = dataset.sampleConversations ?? [];
  if (dataset.totalConversations === 0 || samples.length === 0) {
    return (
      <EmptyState icon={MessageSquareIcon} title="No sample conversations">
        Samples are taken when a file passes validation.
      </EmptyState>
    );
  }
  if (all) return <AllConversations dataset={dataset} />;
  const colours = coloursOf(dataset.scaffolding);
  return (
    <div className="space-y-4">
      <div>
        <h3 className="font-semibold">Sample Conversations</h3>
        <p className="text-sm text-muted-foreground">
          The beginning of the file (showing {integer(samples.length)} of {integer(dataset.totalConversations)})
        </p>
      </div>
      {samples.map((sample) => (
        <details key={sample.conversationId} className="rounded-lg border p-4">
          <summary className="cursor-pointer list-none">
            <ConversationHead conversation={sample} colour={colours.get(sample.persona ?? '')} />
          </summary>
          <div className="mt-3">
            <MessageList messages={sample.messages} />
          </div>
        </details>
      ))}
      <Button
        variant="outline"
        className="w-full"
        onClick={() => void navigate({ search: (old) => ({ ...old, all: true }) })}
      >
        View All Conversations ({integer(dataset.totalConversations)})
      </Button>
    </div>
  );
}
