import { createFileRoute } from '@tanstack/react-router';
import { datasetQuery } from '@/api/datasets';
import { catalogueQuery } from '@/api/jobs';
import { ConfiguratorPage } from '@/features/configurator/configurator-page';

export const Route = createFileRoute('/_app/training/configure')({
  staticData: { crumb: 'Configure Training', parents: [{ label: 'Datasets', to: '/datasets' }] },
  validateSearch: (raw: Record<string, unknown>): { dataset_id?: string; advanced?: true | undefined } => ({
    ...(typeof raw.dataset_id === 'string' && { dataset_id: raw.dataset_id }),
    ...(raw.advanced === true && { advanced: true }),
  }),
  loaderDeps: ({ search: { dataset_id } }) => ({ dataset_id }),
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchQuery(catalogueQuery);
    if (deps.dataset_id) void context.queryClient.prefetchQuery(datasetQuery(deps.dataset_id));
  },
  component: () => {
    const { dataset_id, advanced = false } = Route.useSearch();
    return <ConfiguratorPage key={dataset_id} datasetId={dataset_id} advanced={advanced} />;
  },
});
