import { createFileRoute } from '@tanstack/react-router';
import { datasetQuery } from '@/api/datasets';
import { catalogueQuery } from '@/api/jobs';
import { ConfiguratorPage } from '@/features/configurator/configurator-page';

interface ConfigureSearch {
  dataset_id?: string;
  /** The job whose settings it starts with. */
  from_job?: string;
  /** Whether the advanced settings are open. */
  advanced?: true | undefined;
}

export const Route = createFileRoute('/_app/training/configure')({
  staticData: { crumb: 'Configure Training', parents: [{ label: 'Datasets', to: '/datasets' }] },
  validateSearch: (raw: Record<string, unknown>): ConfigureSearch => ({
    ...(typeof raw.dataset_id === 'string' && { dataset_id: raw.dataset_id }),
    ...(typeof raw.from_job === 'string' && { from_job: raw.from_job }),
    ...(raw.advanced === true && { advanced: true }),
  }),
  loaderDeps: ({ search: { dataset_id } }) => ({ dataset_id }),
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchQuery(catalogueQuery);
    if (deps.dataset_id) void context.queryClient.prefetchQuery(datasetQuery(deps.dataset_id));
  },
  component: () => {
    const { dataset_id, from_job, advanced = false } = Route.useSearch();
    return (
      <ConfiguratorPage
        key={`${dataset_id} ${from_job}`}
        datasetId={dataset_id}
        fromJob={from_job}
        advanced={advanced}
      />
    );
  },
});
