import { useInfiniteQuery } from '@tanstack/react-query';
import { SearchXIcon } from 'lucide-react';
import { useEffect } from 'react';
import { foundConversationsQuery } from '@/api/datasets';
import type { DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { plural } from '@/lib/format';
import { coloursOf } from '../look';
import { ConversationRow } from './conversation-row';

/** The conversations that hold a text. The server reads the file part by part; a part may hold none although more follow. */
export function FoundConversations({ dataset, text }: { dataset: DatasetDetail; text: string }) {
  const { data, error, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, refetch } = useInfiniteQuery(
    foundConversationsQuery(dataset.id, text.trim()),
  );
  const found = data?.pages.flatMap((page) => page.conversations) ?? [];
  // Until there is something to show, the next part is read by itself.
  const reading = hasNextPage && found.length === 0;
  useEffect(() => {
    if (reading && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [reading, isFetching, isFetchNextPageError, fetchNextPage]);
  if (error) {
    const retry = () => void (isFetchNextPageError ? fetchNextPage() : refetch());
    return <ErrorState className="py-6" error={error} onRetry={retry} />;
  }
  const colours = coloursOf(dataset.scaffolding);
  const busy = isFetching || reading;
  return (
    <>
      <p role="status" className="text-sm text-muted-foreground">
        {plural(found.length, 'conversation')} found
        {busy ? ', reading on...' : hasNextPage && ' up to here'}
      </p>
      {found.length === 0 && busy && [1, 2, 3].map((n) => <Skeleton key={n} className="h-20 rounded-lg" />)}
      {found.length === 0 && !busy && (
        <EmptyState icon={SearchXIcon} title="Nothing found" className="py-6">
          No conversation of the file holds this text.
        </EmptyState>
      )}
      <ul aria-label="Conversations" className="space-y-3">
        {found.map((conversation) => (
          <ConversationRow
            key={conversation.line}
            conversation={conversation}
            colour={colours.get(conversation.persona ?? '')}
          />
        ))}
      </ul>
      {hasNextPage && !busy && (
        <div className="flex justify-center">
          <Button variant="outline" size="sm" onClick={() => void fetchNextPage()}>
            Search On
          </Button>
        </div>
      )}
    </>
  );
}
