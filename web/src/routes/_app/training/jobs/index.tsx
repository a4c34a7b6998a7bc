import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { JobsPage } from '@/features/jobs/jobs-page';
import { isTab, type JobsSearch, tabQuery } from '@/features/jobs/tabs';

export const Route = createFileRoute('/_app/training/jobs/')({
  staticData: { crumb: 'Training Jobs' },
  validateSearch: (raw: Partial<JobsSearch> & SearchSchemaInput): JobsSearch => ({
    tab: isTab(raw.tab) ? raw.tab : 'active',
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
    ...(typeof raw.pick === 'string' && raw.pick && { pick: raw.pick }),
  }),
  search: { middlewares: [stripSearchParams({ tab: 'active' as const, page: 1 })] },
  loaderDeps: ({ search: { tab, page } }) => ({ tab, page }),
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchQuery(tabQuery(deps.tab, deps.page));
  },
  component: JobsPage,
});
