import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { LoaderCircleIcon, RotateCcwIcon } from 'lucide-react';
import { datasetQuery, isPending } from '@/api/datasets';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Progress } from '@/components/ui/progress';
import { messageOf } from '@/lib/errors';
import { bytes, percent } from '@/lib/format';
import { ReadinessStrip } from '../card/readiness-strip';
import type { Upload } from './use-uploads';

/** One file on its way: how far it is, what became of it, and what can be done. */
export function UploadRow({
  upload: { entry, state },
  onStop,
  onRetry,
}: {
  upload: Upload;
  onStop: () => void;
  onRetry: () => void;
}) {
  const { size } = entry.file;
  return (
    <li aria-label={entry.name} className="space-y-3 rounded-lg border p-4">
      <p className="text-sm font-medium break-words">{entry.name}</p>
      {state.phase === 'waiting' && <p className="text-sm text-muted-foreground">Waits for the others</p>}
      {state.phase === 'sending' && <Sending name={entry.name} sent={state.sent} total={size} onStop={onStop} />}
      {state.phase === 'checking' && <Checking datasetId={state.datasetId} />}
      {(state.phase === 'failed' || state.phase === 'stopped') && (
        <div className="flex flex-wrap items-center justify-between gap-3">
          {state.phase === 'failed' ? (
            <p role="alert" className="min-w-0 flex-1 text-sm break-words text-red-600">
              {messageOf(state.error)}
            </p>
          ) : (
            <p className="text-sm text-muted-foreground">Stopped. Nothing of it was kept.</p>
          )}
          <Button variant="outline" size="sm" onClick={onRetry}>
            <RotateCcwIcon aria-hidden className="mr-2" />
            Try Again
          </Button>
        </div>
      )}
    </li>
  );
}

function Sending(props: { name: string; sent: number; total: number; onStop: () => void }) {
  const { sent, total } = props;
  // The last percent is the store's answer.
  const done = total > 0 ? Math.min(99, (100 * sent) / total) : 0;
  return (
    <>
      <div className="flex justify-between text-sm">
        <span className="text-muted-foreground">
          {bytes(Math.min(sent, total))} of {bytes(total)}
        </span>
        <span className="font-medium">{percent(done)}</span>
      </div>
      <Progress aria-label={`Upload of ${props.name}`} value={done} />
      <Button variant="outline" size="sm" onClick={props.onStop}>
        Stop Upload
      </Button>
    </>
  );
}

function Checking({ datasetId }: { datasetId: string }) {
  const { data, error, refetch } = useQuery(datasetQuery(datasetId));
  if (!data && error) return <ErrorState className="py-4" error={error} onRetry={() => void refetch()} />;
  if (!data || isPending(data)) {
    return (
      <p role="status" className="flex items-center gap-2 text-sm text-muted-foreground">
        <LoaderCircleIcon aria-hidden className="size-4 animate-spin" />
        Reading and checking the file...
      </p>
    );
  }
  return (
    <>
      <ReadinessStrip dataset={data} />
      <Button asChild variant="outline" size="sm">
        <Link to="/datasets/$id" params={{ id: datasetId }}>
          View Details
        </Link>
      </Button>
    </>
  );
}
