import { useQuery } from '@tanstack/react-query';
import { DownloadIcon } from 'lucide-react';
import { useState } from 'react';
import { exportReportQuery, exportUrl } from '@/api/datasets';
import type { DatasetDetail, DatasetFormat } from '@/api/types';
import { Choice } from '@/components/choice';
import { DownloadState } from '@/components/download-state';
import { ErrorState } from '@/components/error-state';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { bytes, integer, plural } from '@/lib/format';
import { useFileDownload } from '@/lib/use-file-download';

/** The formats that can be written: all but the legacy one. */
const FORMATS: readonly { value: Exclude<DatasetFormat, 'brightrun-lora-v3'>; label: string }[] = [
  { value: 'brightrun-lora-v4', label: 'BrightRun v4' },
  { value: 'openai-chat', label: 'OpenAI chat' },
  { value: 'sharegpt', label: 'ShareGPT' },
  { value: 'alpaca', label: 'Alpaca' },
  { value: 'prompt-completion', label: 'Prompt and completion' },
];

/** The trainable examples as a file of another format: what it will hold and lose, then the file. */
export function ExportSection({ dataset }: { dataset: DatasetDetail }) {
  const [format, setFormat] = useState(FORMATS[1]?.value ?? 'openai-chat');
  if (dataset.status !== 'ready') return null;
  return (
    <section aria-labelledby="export" className="space-y-3">
      <h3 id="export" className="font-semibold">
        Export
      </h3>
      <FormField label="Format" hint="The trainable examples, one JSON line each">
        {(control) => <Choice {...control} className="sm:w-64" value={format} options={FORMATS} onChange={setFormat} />}
      </FormField>
      <Export key={format} id={dataset.id} format={format} />
    </section>
  );
}

function Export({ id, format }: { id: string; format: DatasetFormat }) {
  const { data, error, refetch } = useQuery(exportReportQuery(id, format));
  const { state, start, stop } = useFileDownload({
    total: data?.bytes ?? 0,
    find: async () => ({ url: exportUrl(id, format), fileName: data?.fileName ?? `${format}.jsonl` }),
  });
  if (error && !data) return <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-24 w-full" />;
  return (
    <div className="space-y-3 rounded-lg border p-4">
      <p className="text-sm">
        {plural(data.records, 'record')} of {plural(data.examples, 'example')}, {bytes(data.bytes)}
        {!data.complete && ' in the first 256 MiB of the file; the export holds all of it'}
      </p>
      {data.losses.length > 0 ? (
        <div className="rounded-md border border-yellow-200 bg-yellow-50 p-3 text-sm text-yellow-800">
          <p className="font-medium">What this format cannot hold</p>
          <ul className="mt-1 space-y-1 text-xs">
            {data.losses.map((loss) => (
              <li key={loss.code}>
                • {loss.description} ({integer(loss.count)})
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="text-sm text-muted-foreground">Nothing is lost in it.</p>
      )}
      <DownloadState state={state} onStop={stop} />
      {state.phase !== 'running' && (
        <Button variant="outline" className="w-full" disabled={data.records === 0} onClick={start}>
          <DownloadIcon aria-hidden className="mr-2" />
          Export Dataset
        </Button>
      )}
    </div>
  );
}
