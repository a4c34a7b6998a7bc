import { createFileRoute } from '@tanstack/react-router';
import { jobQuery, metricsQuery } from '@/api/jobs';
import { MonitorPage } from '@/features/monitor/monitor-page';
import { parseMonitorSearch } from '@/features/monitor/search';

export const Route = createFileRoute('/_app/training/jobs/$jobId')({
  staticData: { crumb: 'Training Monitor', parents: [{ label: 'Training Jobs', to: '/training/jobs' }] },
  validateSearch: parseMonitorSearch,
  loader: async ({ context, params }) => {
    void context.queryClient.prefetchQuery(metricsQuery(params.jobId));
    const job = await context.queryClient.ensureQueryData(jobQuery(params.jobId)).catch(() => null);
    return { crumb: job?.name ?? 'Training Monitor' };
  },
  component: () => {
    const { jobId } = Route.useParams();
    return <MonitorPage key={jobId} jobId={jobId} />;
  },
});
