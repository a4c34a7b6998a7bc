import { useMutation } from '@tanstack/react-query';
import { DownloadIcon, FileArchiveIcon, FileTextIcon } from 'lucide-react';
import { allLogs } from '@/api/jobs';
import type { ArtifactKind, Model, ModelFile } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { messageOf } from '@/lib/errors';
import { bytes } from '@/lib/format';
import { saveText } from '@/lib/save';
import { toast } from '@/lib/toast';
import { logText } from '../../monitor/logs';
import { useDownload } from '../use-download';
import { AdapterDownload } from './adapter-download';

type FileOf = Exclude<keyof Model['artifacts'], 'checkpoints'>;

const KINDS: Record<FileOf, ArtifactKind> = {
  adapterModel: 'adapter-model',
  adapterConfig: 'adapter-config',
  tokenizer: 'tokenizer',
  tokenizerConfig: 'tokenizer-config',
  metadata: 'metadata',
  readme: 'readme',
};

function filesOf(model: Model): { kind: ArtifactKind; file: ModelFile }[] {
  return (Object.keys(KINDS) as FileOf[]).flatMap((key) => {
    const file = model.artifacts[key];
    return file ? [{ kind: KINDS[key], file }] : [];
  });
}

export function DownloadCard({ model }: { model: Model }) {
  const download = useDownload(model.id);
  const logs = useMutation({
    mutationFn: () => allLogs(model.jobId),
    onSuccess: (lines) => saveText(`${model.name}.log`, lines.map(logText).join(''), 'text/plain'),
    onError: (error) => toast.error('The logs were not downloaded', { description: messageOf(error) }),
  });
  return (
    <Card className="border-2 border-blue-200 bg-blue-50/30 p-6">
      <div className="flex flex-col gap-4 sm:flex-row">
        <span className="flex size-12 shrink-0 items-center justify-center rounded-lg bg-solid-blue text-white">
          <DownloadIcon aria-hidden className="size-6" />
        </span>
        <div className="min-w-0 flex-1 space-y-4">
          <div>
            <h2 className="text-lg font-semibold">Download LoRA Adapter</h2>
            <p className="text-sm text-muted-foreground">
              PEFT files, ready to be loaded with {model.configuration.baseModel}
            </p>
          </div>
          <div className="flex flex-col gap-2">
            <AdapterDownload model={model} />
            <Button
              size="lg"
              variant="outline"
              className="w-full"
              disabled={download.isPending}
              onClick={() => download.mutate('all')}
            >
              <FileArchiveIcon aria-hidden className="mr-2" />
              Download All as ZIP
            </Button>
          </div>
          <div className="rounded-lg bg-muted p-4">
            <h3 className="mb-2 text-xs font-normal text-muted-foreground">Files included:</h3>
            <ul className="space-y-1">
              {filesOf(model).map(({ kind, file }) => (
                <li key={kind} className="flex items-center justify-between gap-x-3">
                  <span className="min-w-0 text-sm">
                    <code className="font-mono break-all">{file.fileName}</code>{' '}
                    <span className="whitespace-nowrap text-muted-foreground">({bytes(file.size)})</span>
                  </span>
                  <Button
                    variant="ghost"
                    size="sm"
                    aria-label={`Download ${file.fileName}`}
                    title={`SHA-256: ${file.checksum}`}
                    disabled={download.isPending}
                    onClick={() => download.mutate(kind)}
                  >
                    <DownloadIcon aria-hidden />
                  </Button>
                </li>
              ))}
            </ul>
            <p className="mt-2 text-xs text-muted-foreground">
              {bytes(model.totalSize)} in all. The checksum of each file is in its tooltip and in metadata.json.
            </p>
          </div>
          <Button variant="ghost" className="w-full" disabled={logs.isPending} onClick={() => logs.mutate()}>
            <FileTextIcon aria-hidden className="mr-2" />
            Download Training Logs
          </Button>
        </div>
      </div>
    </Card>
  );
}
