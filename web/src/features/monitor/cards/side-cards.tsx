import { WifiOffIcon } from 'lucide-react';
import type { JobDetail } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { bytes, clockTime, decimal, integer, scientific } from '@/lib/format';
import type { Connection } from '../live/use-job-stream';

const CONNECTIONS: Record<Connection, string> = {
  connecting: 'Connecting...',
  live: 'Connected',
  lost: 'Reconnecting...',
  ended: 'Ended',
};

export function LiveCard({ connection, updatedAt }: { connection: Connection; updatedAt: number }) {
  return (
    <div role="status" className="rounded-xl bg-muted p-4 text-center">
      <p className="text-sm text-muted-foreground">
        Live updates: <strong className="text-foreground">{CONNECTIONS[connection]}</strong>
      </p>
      <p className="mt-1 text-xs text-muted-foreground">Last update: {clockTime(updatedAt)}</p>
    </div>
  );
}

/** Stands at the top while the stream is broken: what is shown may be old until it is back. */
export function LostConnection({ updatedAt }: { updatedAt: number }) {
  return (
    <p
      role="alert"
      className="flex items-start gap-3 rounded-lg border border-yellow-300 bg-yellow-50 p-4 text-sm text-yellow-800"
    >
      <WifiOffIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>
        <strong>Connection lost, reconnecting...</strong> The figures are those of {clockTime(updatedAt)}. The job goes
        on, and nothing of it will be missing here.
      </span>
    </p>
  );
}

export function ConfigCard({ job }: { job: JobDetail }) {
  const values = job.hyperparameters;
  const rows = [
    ['Base Model', job.baseModel],
    ['Machine', job.instanceName],
    ['LoRA Rank', values.loraRank],
    ['LoRA Alpha', values.loraAlpha],
    ['Learning Rate', scientific(values.learningRate)],
    ['Batch Size', values.batchSize],
    ['Epochs', values.numEpochs],
    ['Sequence Length', integer(values.maxSeqLength)],
    ...(job.attempt > 1 ? [['Attempt', job.attempt]] : []),
  ];
  return (
    <section className="rounded-xl bg-muted p-4">
      <h2 className="mb-3 text-base font-semibold">Configuration</h2>
      <dl className="space-y-2 text-sm">
        <div className="flex justify-between gap-2">
          <dt className="text-muted-foreground">Preset</dt>
          <dd>
            <Badge variant="outline" className="bg-background">
              {job.presetId}
            </Badge>
          </dd>
        </div>
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between gap-4">
            <dt className="text-muted-foreground">{label}</dt>
            <dd className="min-w-0 text-right break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function CheckpointsCard({ job }: { job: JobDetail }) {
  if (job.checkpoints.length === 0) return null;
  return (
    <Card className="gap-3 p-6">
      <h2 className="text-base font-semibold">Checkpoints</h2>
      <ul className="max-h-60 space-y-2 overflow-y-auto text-sm">
        {job.checkpoints.toReversed().map((checkpoint) => (
          <li key={checkpoint.id} className="flex justify-between gap-2 border-b pb-2 last:border-0 last:pb-0">
            <span>
              Step {integer(checkpoint.step)} {checkpoint.best && <Badge variant="green">Best</Badge>}
              <span className="block text-xs text-muted-foreground">
                Epoch {checkpoint.epoch}, {bytes(checkpoint.size)}
              </span>
            </span>
            <span className="text-right">
              {decimal(checkpoint.loss, 4)}
              <span className="block text-xs text-muted-foreground">loss</span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
