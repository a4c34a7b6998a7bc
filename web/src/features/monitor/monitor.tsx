import { Link } from '@tanstack/react-router';
import { ArrowLeftIcon, BanIcon, RefreshCwIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { isLive } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { PageHeader } from '@/components/page-header';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { celebrate } from '@/lib/confetti';
import { toast } from '@/lib/toast';
import { CompletedBanner } from './cards/completed-banner';
import { CostCard } from './cards/cost-card';
import { ExamplesCard } from './cards/examples-card';
import { LossCard } from './cards/loss-card';
import { MetricsCard } from './cards/metrics-card';
import { CancelledPanel, FailedPanel, QueuedPanel } from './cards/outcome';
import { ProgressCard } from './cards/progress-card';
import { CheckpointsCard, ConfigCard, LiveCard, LostConnection } from './cards/side-cards';
import { StagesCard } from './cards/stages-card';
import { useJobStream } from './live/use-job-stream';

const LogsCard = lazy(() => import('./cards/logs-card'));
const CancelDialog = lazy(() => import('./cancel-dialog'));

function announce(end: 'complete' | 'error' | 'cancelled') {
  if (end === 'complete') {
    void celebrate(150, 100);
    toast.success('Training Complete! 🎉', { description: 'The adapter is ready to download.', duration: 5000 });
  }
  if (end === 'error') toast.error('Training Failed', { description: 'The reason is at the top of this page.' });
}

export function Monitor({
  job,
  updatedAt,
  onRefresh,
}: {
  job: JobDetail;
  updatedAt: number;
  onRefresh: () => Promise<unknown>;
}) {
  const [cancelling, setCancelling] = useState(false);
  const connection = useJobStream(job, announce);
  const live = isLive(job.status);
  return (
    <div className="mx-auto max-w-7xl space-y-6 p-6">
      <PageHeader
        large
        leading={
          <Button asChild variant="ghost" size="sm">
            <Link to="/training/jobs" aria-label="Back to training jobs">
              <ArrowLeftIcon aria-hidden />
            </Link>
          </Button>
        }
        title="Training Monitor"
        subtitle={<span className="break-all">Job ID: {job.id}</span>}
        actions={
          live && (
            <>
              <Button
                variant="outline"
                size="sm"
                onClick={() => void onRefresh().then(() => toast.success('Metrics updated'))}
              >
                <RefreshCwIcon aria-hidden className="mr-2" />
                Refresh
              </Button>
              <Button
                variant="destructive"
                size="sm"
                disabled={!job.canCancel || job.cancelling}
                onClick={() => setCancelling(true)}
              >
                <BanIcon aria-hidden className="mr-2" />
                {job.cancelling ? 'Cancelling...' : 'Cancel Job'}
              </Button>
            </>
          )
        }
      />
      {live && connection === 'lost' && <LostConnection updatedAt={updatedAt} />}
      {job.status === 'completed' && <CompletedBanner job={job} />}
      {job.status === 'failed' && <FailedPanel job={job} />}
      {job.status === 'cancelled' && <CancelledPanel job={job} />}
      {job.status === 'queued' && <QueuedPanel job={job} />}
      <ProgressCard job={job} />
      <StagesCard job={job} />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <div className="min-w-0 space-y-6 lg:col-span-2">
          <LossCard job={job} />
          <MetricsCard job={job} />
          <Suspense fallback={<Skeleton className="h-96 rounded-xl" />}>
            <LogsCard job={job} />
          </Suspense>
          <ExamplesCard job={job} />
        </div>
        <div className="min-w-0 space-y-6">
          <CostCard job={job} />
          {live && <LiveCard connection={connection} updatedAt={updatedAt} />}
          <ConfigCard job={job} />
          <CheckpointsCard job={job} />
        </div>
      </div>
      {cancelling && live && (
        <Suspense>
          <CancelDialog job={job} onClose={() => setCancelling(false)} />
        </Suspense>
      )}
    </div>
  );
}
