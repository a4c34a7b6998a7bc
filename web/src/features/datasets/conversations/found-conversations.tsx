import { useInfiniteQuery } from '@tanstack/react-query';
import { SearchXIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { allConversationsQuery } from '@/api/datasets';
import type { DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { integer, plural } from '@/lib/format';
import { coloursOf } from '../look';
import { ConversationRow } from './conversation-row';
import { holds } from './find';

/** Pages of fifty that are read at a go; a longer file is read on when that is asked for. */
const AT_A_GO = 20;
/** Found conversations that are shown at a time. */
const SHOWN = 50;

/** The conversations that hold a text. The file is read page by page; how far it is, is told. */
export function FoundConversations({ dataset, text }: { dataset: DatasetDetail; text: string }) {
  const [limit, setLimit] = useState(AT_A_GO);
  const [shown, setShown] = useState(SHOWN);
  const { data, error, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, refetch } = useInfiniteQuery(
    allConversationsQuery(dataset.id),
  );
  const pages = data?.pages ?? [];
  const reading = hasNextPage && pages.length < limit;
  useEffect(() => {
    if (reading && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [reading, isFetching, isFetchNextPageError, fetchNextPage]);
  if (error) {
    const retry = () => void (isFetchNextPageError ? fetchNextPage() : refetch());
    return <ErrorState className="py-6" error={error} onRetry={retry} />;
  }
  const read = pages.flatMap((page) => page.conversations);
  const found = read.filter((conversation) => holds(conversation, text));
  const colours = coloursOf(dataset.scaffolding);
  const busy = isFetching || reading;
  return (
    <>
      <p role="status" className="text-sm text-muted-foreground">
        {plural(found.length, 'conversation')} found in {hasNextPage || busy ? 'the first ' : ''}
        {integer(read.length)}
        {busy && ', reading on...'}
      </p>
      {found.length === 0 && !busy && (
        <EmptyState icon={SearchXIcon} title="Nothing found" className="py-6">
          No conversation that was read holds this text.
        </EmptyState>
      )}
      <ul aria-label="Conversations" className="space-y-3">
        {found.slice(0, shown).map((conversation) => (
          <ConversationRow
            key={conversation.line}
            conversation={conversation}
            colour={colours.get(conversation.persona ?? '')}
          />
        ))}
      </ul>
      <div className="flex flex-wrap justify-center gap-2">
        {found.length > shown && (
          <Button variant="outline" size="sm" onClick={() => setShown(shown + SHOWN)}>
            Show {integer(Math.min(SHOWN, found.length - shown))} More
          </Button>
        )}
        {hasNextPage && !busy && (
          <Button variant="outline" size="sm" onClick={() => setLimit(limit + AT_A_GO)}>
            Read On
          </Button>
        )}
      </div>
    </>
  );
}
