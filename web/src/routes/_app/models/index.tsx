import { createFileRoute, stripSearchParams } from '@tanstack/react-router';
import { modelsQuery } from '@/api/models';
import { ModelsPage } from '@/features/models/models-page';
import { MODELS, modelsRequest, parseModelsSearch } from '@/features/models/search';

export const Route = createFileRoute('/_app/models/')({
  staticData: { crumb: 'Models' },
  validateSearch: parseModelsSearch,
  search: { middlewares: [stripSearchParams(MODELS)] },
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchQuery(modelsQuery(modelsRequest(deps)));
  },
  component: ModelsPage,
});
