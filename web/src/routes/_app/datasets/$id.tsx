import { createFileRoute } from '@tanstack/react-router';
import { datasetQuery } from '@/api/datasets';
import { DatasetDialog } from '@/features/datasets/detail/dataset-dialog';
import { parseDetailSearch } from '@/features/datasets/detail/search';

export const Route = createFileRoute('/_app/datasets/$id')({
  staticData: { crumb: 'Dataset', parents: [{ label: 'Datasets', to: '/datasets' }] },
  validateSearch: parseDetailSearch,
  loader: async ({ context, params }) => {
    const dataset = await context.queryClient.ensureQueryData(datasetQuery(params.id)).catch(() => null);
    return { crumb: dataset?.name ?? 'Dataset' };
  },
  component: () => {
    const { id } = Route.useParams();
    const { show = 'overview' } = Route.useSearch();
    return <DatasetDialog id={id} tab={show} />;
  },
});
