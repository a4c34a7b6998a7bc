import { createFileRoute, stripSearchParams } from '@tanstack/react-router';
import { datasetsQuery } from '@/api/datasets';
import { DatasetsPage } from '@/features/datasets/datasets-page';
import { defaultSearch, listQuery, parseSearch } from '@/features/datasets/search';

export const Route = createFileRoute('/_app/datasets')({
  staticData: { crumb: 'Datasets' },
  validateSearch: parseSearch,
  search: { middlewares: [stripSearchParams(defaultSearch)] },
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchQuery(datasetsQuery(listQuery(deps)));
  },
  component: DatasetsPage,
});
