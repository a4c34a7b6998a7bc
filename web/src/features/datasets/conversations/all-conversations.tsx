import { getRouteApi } from '@tanstack/react-router';
import { ArrowLeftIcon } from 'lucide-react';
import { useCallback } from 'react';
import type { DatasetDetail } from '@/api/types';
import { SearchBox } from '@/components/search-box';
import { Button } from '@/components/ui/button';
import { integer } from '@/lib/format';
import type { DetailSearch } from '../detail/search';
import { ConversationPages } from './conversation-pages';
import { FoundConversations } from './found-conversations';

const route = getRouteApi('/_app/datasets/$id');

/** Every conversation of a data set, page by page, or those that hold a text. All of it is in the address. */
export function AllConversations({ dataset }: { dataset: DatasetDetail }) {
  const { find } = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (patch: Partial<DetailSearch>) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true }),
    [navigate],
  );
  const look = useCallback(
    (text: string) => change({ find: text || undefined, from: undefined, line: undefined }),
    [change],
  );
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div>
          <h3 className="font-semibold">All Conversations</h3>
          <p className="text-sm text-muted-foreground">
            {integer(dataset.totalConversations)} in the order of the file
          </p>
        </div>
        <Button
          variant="ghost"
          size="sm"
          onClick={() => change({ all: undefined, from: undefined, find: undefined, line: undefined })}
        >
          <ArrowLeftIcon aria-hidden className="mr-2" />
          Samples
        </Button>
      </div>
      <SearchBox
        label="Search conversations"
        placeholder="Search messages and ids..."
        value={find ?? ''}
        onChange={look}
      />
      {find?.trim() ? <FoundConversations dataset={dataset} text={find} /> : <ConversationPages dataset={dataset} />}
    </div>
  );
}
