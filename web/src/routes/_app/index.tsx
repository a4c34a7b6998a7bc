import { createFileRoute } from '@tanstack/react-router';
import { activeJobsQuery } from '@/api/jobs';
import { DashboardPage } from '@/features/dashboard/dashboard-page';

export const Route = createFileRoute('/_app/')({
  staticData: { crumb: 'Dashboard' },
  loader: ({ context }) => {
    void context.queryClient.prefetchQuery(activeJobsQuery);
  },
  component: DashboardPage,
});
