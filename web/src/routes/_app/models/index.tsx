import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { modelsQuery } from '@/api/models';
import { ModelsPage } from '@/features/models/models-page';

export const Route = createFileRoute('/_app/models/')({
  staticData: { crumb: 'Models' },
  validateSearch: (raw: { page?: number } & SearchSchemaInput): { page: number } => ({
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
  }),
  search: { middlewares: [stripSearchParams({ page: 1 })] },
  loader: ({ context }) => {
    void context.queryClient.prefetchQuery(modelsQuery({ page: 1, pageSize: 24 }));
  },
  component: ModelsPage,
});
