import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { LoaderCircleIcon } from 'lucide-react';
import { useEffect } from 'react';
import { datasetQuery, isPending } from '@/api/datasets';
import type { Dataset } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { DialogDescription, DialogFooter, DialogHeader, DialogTitle } from '@/components/ui/dialog';
import { bytes, integer } from '@/lib/format';
import { StartTraining } from '../card/dataset-card';
import { ReadinessStrip } from '../card/readiness-strip';
import { Findings } from '../detail/findings';

/** Waits for the validation, then shows what it found. */
export function CheckResult({ datasetId, onClose }: { datasetId: string; onClose: () => void }) {
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(datasetQuery(datasetId));
  const pending = !data || isPending(data);
  useEffect(() => {
    if (!pending) void client.invalidateQueries({ queryKey: ['datasets'] });
  }, [pending, client]);
  if (error && !data) {
    return (
      <>
        <Header title="Checking the Dataset" />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  if (!data || pending) {
    return (
      <>
        <Header title="Checking the Dataset" description="Every line is read. You may close this; it goes on." />
        <p role="status" className="flex items-center justify-center gap-3 py-8 text-muted-foreground">
          <LoaderCircleIcon aria-hidden className="size-5 animate-spin" />
          Reading and checking the file...
        </p>
      </>
    );
  }
  return (
    <>
      <Header
        title={data.status === 'ready' ? 'Dataset Ready' : 'Dataset Cannot Be Used'}
        description={`${data.fileName}, ${bytes(data.fileSize)}`}
      />
      <ReadinessStrip dataset={data} />
      {data.status === 'ready' && <Summary dataset={data} />}
      <Findings groups={data.findings} />
      <DialogFooter>
        <Button variant="outline" onClick={onClose}>
          Close
        </Button>
        <Button asChild variant="outline">
          <Link to="/datasets/$id" params={{ id: data.id }}>
            View Details
          </Link>
        </Button>
        {data.status === 'ready' && <StartTraining dataset={data} />}
      </DialogFooter>
    </>
  );
}

function Header({ title, description }: { title: string; description?: string }) {
  return (
    <DialogHeader>
      <DialogTitle>{title}</DialogTitle>
      <DialogDescription className="break-words">{description}</DialogDescription>
    </DialogHeader>
  );
}

function Summary({ dataset }: { dataset: Dataset }) {
  const figures = [
    { label: 'Conversations', value: integer(dataset.totalConversations) },
    { label: 'Training Pairs', value: integer(dataset.totalTrainingPairs) },
    { label: 'Tokens', value: integer(dataset.totalTokens) },
  ];
  return (
    <dl className="grid grid-cols-3 gap-3">
      {figures.map(({ label, value }) => (
        <div key={label} className="min-w-0 rounded-lg bg-muted p-3">
          <dt className="text-xs text-muted-foreground sm:text-sm">{label}</dt>
          <dd className="text-lg font-semibold sm:text-xl">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
