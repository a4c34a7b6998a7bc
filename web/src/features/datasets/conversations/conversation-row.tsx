import { getRouteApi } from '@tanstack/react-router';
import { ChevronDownIcon } from 'lucide-react';
import type { DatasetConversation } from '@/api/types';
import { Collapsible, CollapsibleContent, CollapsibleTrigger } from '@/components/ui/collapsible';
import { ConversationHead } from './conversation-head';
import { MessageList } from './message-list';

const route = getRouteApi('/_app/datasets/$id');

/** One conversation; the address says which one is being read. */
export function ConversationRow({
  conversation,
  colour,
}: {
  conversation: DatasetConversation;
  colour: string | undefined;
}) {
  const { line } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Collapsible
      asChild
      open={line === conversation.line}
      onOpenChange={(open) =>
        void navigate({
          search: (old) => ({ ...old, line: open ? conversation.line : undefined }),
          state: true,
          replace: true,
        })
      }
    >
      <li className="rounded-lg border">
        <CollapsibleTrigger className="flex w-full items-start gap-2 rounded-lg p-4 text-left outline-none hover:bg-accent focus-visible:ring-[3px] focus-visible:ring-ring/50 [&[data-state=open]>svg]:rotate-180">
          <span className="min-w-0 flex-1">
            <ConversationHead conversation={conversation} colour={colour} />
          </span>
          <ChevronDownIcon aria-hidden className="mt-1 size-4 shrink-0 transition-transform" />
        </CollapsibleTrigger>
        <CollapsibleContent className="space-y-2 px-4 pb-4">
          <MessageList messages={conversation.messages} />
          {conversation.truncated && (
            <p className="text-xs text-muted-foreground">
              Long texts, or the messages beyond the first 200, are cut here.
            </p>
          )}
        </CollapsibleContent>
      </li>
    </Collapsible>
  );
}
