import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouterState } from '@tanstack/react-router';
import { ChevronLeftIcon, ChevronRightIcon, MessageSquareIcon } from 'lucide-react';
import { conversationsQuery } from '@/api/datasets';
import type { DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, plural } from '@/lib/format';
import { coloursOf } from '../look';
import { ConversationRow } from './conversation-row';
import { linesOf } from './find';

const route = getRouteApi('/_app/datasets/$id');

/** The conversations in the order of the file, twenty a page. */
export function ConversationPages({ dataset }: { dataset: DatasetDetail }) {
  const { from } = route.useSearch();
  const navigate = route.useNavigate();
  // A page knows only where the next one begins. Where the pages before began is kept with the entry of the browser's history.
  const trail = useRouterState({ select: ({ location }) => location.state.conversationTrail }) ?? [];
  const { data, error, refetch } = useQuery(conversationsQuery(dataset.id, from));
  const go = (to: string | undefined, next: string[]) =>
    void navigate({
      search: (old) => ({ ...old, from: to || undefined, line: undefined }),
      state: (old) => ({ ...old, conversationTrail: next }),
    });
  const colours = coloursOf(dataset.scaffolding);
  if (error && !data) return <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />;
  if (!data) return [1, 2, 3, 4].map((n) => <Skeleton key={n} className="h-20 rounded-lg" />);
  const lines = linesOf(data.conversations);
  return (
    <>
      {data.conversations.length === 0 ? (
        <EmptyState icon={MessageSquareIcon} title="No conversations" className="py-6">
          Nothing in this part of the file can be read as a conversation.
        </EmptyState>
      ) : (
        <ul aria-label="Conversations" className="space-y-3">
          {data.conversations.map((conversation) => (
            <ConversationRow
              key={conversation.line}
              conversation={conversation}
              colour={colours.get(conversation.persona ?? '')}
            />
          ))}
        </ul>
      )}
      {data.rejectedRecords > 0 && (
        <p className="text-sm text-yellow-800">
          {plural(data.rejectedRecords, 'record')} in this part of the file cannot be used; the findings say why.
        </p>
      )}
      {(from || data.next) && (
        <nav aria-label="Pages of conversations" className="flex flex-wrap items-center justify-center gap-3">
          <Button
            variant="outline"
            size="sm"
            disabled={!from}
            // Who came by a link has no pages before in the history; then it goes to the beginning.
            onClick={() => go(trail.at(-1), trail.slice(0, -1))}
          >
            <ChevronLeftIcon aria-hidden className="mr-2" />
            {from && trail.length === 0 ? 'First' : 'Previous'}
          </Button>
          <span className="text-sm text-muted-foreground">
            {lines && `From line ${integer(lines[0])} to ${integer(lines[1])}`}
          </span>
          <Button
            variant="outline"
            size="sm"
            disabled={!data.next}
            onClick={() => go(data.next, [...trail, from ?? ''])}
          >
            Next
            <ChevronRightIcon aria-hidden />
          </Button>
        </nav>
      )}
    </>
  );
}
