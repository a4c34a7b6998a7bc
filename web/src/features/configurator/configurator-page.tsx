import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CpuIcon, DatabaseIcon } from 'lucide-react';
import { useMemo } from 'react';
import { datasetQuery } from '@/api/datasets';
import { catalogueQuery, jobQuery } from '@/api/jobs';
import { settingsQuery } from '@/api/settings';
import type { Catalogue, JobDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { isNotFound } from '@/lib/errors';
import { scientific } from '@/lib/format';
import { type Defaults, initialConfig } from './config';
import { Configurator } from './configurator';
import { likeJob } from './saved';

export function ConfiguratorPage({
  datasetId,
  fromJob,
  advanced,
}: {
  datasetId: string | undefined;
  /** The job whose settings it starts with. */
  fromJob: string | undefined;
  advanced: boolean;
}) {
  const catalogue = useQuery(catalogueQuery);
  const settings = useQuery(settingsQuery);
  const job = useQuery({ ...jobQuery(fromJob ?? ''), enabled: fromJob !== undefined });
  const dataset = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== undefined });
  if (datasetId === undefined || isNotFound(dataset.error)) return <NoDataset missing={datasetId !== undefined} />;
  const failed = [catalogue, dataset].find(({ error, data }) => error && !data);
  if (failed) return <ErrorState heading="h1" error={failed.error} onRetry={() => void failed.refetch()} />;
  // Without the account's defaults the server's do, and so do they without the job.
  const waits = [settings, job].some(({ isLoading }) => isLoading);
  if (!catalogue.data || !dataset.data || waits) return <Loading />;
  return (
    <Ready
      catalogue={catalogue.data}
      defaults={settings.data ?? {}}
      like={job.data}
      dataset={dataset.data}
      advanced={advanced}
    />
  );
}

function Ready({
  defaults,
  like,
  ...props
}: Omit<Parameters<typeof Configurator>[0], 'initial'> & {
  catalogue: Catalogue;
  defaults: Defaults;
  like: JobDetail | undefined;
}) {
  const { catalogue } = props;
  const initial = useMemo(() => {
    const start = initialConfig(catalogue, scientific, defaults);
    return start && like ? likeJob(like, start, catalogue) : start;
  }, [catalogue, defaults, like]);
  if (!initial) {
    return (
      <EmptyState heading="h1" icon={CpuIcon} title="There is nothing to train with">
        The server offers no base model or no machine. Its log says why.
      </EmptyState>
    );
  }
  return <Configurator {...props} initial={initial} />;
}

function NoDataset({ missing }: { missing: boolean }) {
  return (
    <EmptyState
      heading="h1"
      icon={DatabaseIcon}
      title={missing ? 'There is no such dataset' : 'No dataset selected'}
      action={
        <Button asChild>
          <Link to="/datasets" search={{ trainingReady: 'true' }}>
            Choose a Dataset
          </Link>
        </Button>
      }
    >
      Training starts from a dataset. Choose one that is ready.
    </EmptyState>
  );
}

function Loading() {
  return (
    <div className="mx-auto max-w-7xl space-y-6 p-6">
      <Skeleton className="h-16 w-96 max-w-full" />
      <Skeleton className="h-44 rounded-xl" />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <div className="space-y-6 lg:col-span-2">
          <div className="grid grid-cols-1 gap-4 md:grid-cols-3">
            {[1, 2, 3].map((n) => (
              <Skeleton key={n} className="h-64 rounded-xl" />
            ))}
          </div>
          <Skeleton className="h-20 rounded-lg" />
        </div>
        <Skeleton className="h-[32rem] rounded-xl" />
      </div>
    </div>
  );
}
