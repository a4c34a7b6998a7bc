import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRightIcon, DownloadIcon, ExternalLinkIcon, SparklesIcon } from 'lucide-react';
import { modelQuery } from '@/api/models';
import type { JobDetail } from '@/api/types';
import { Button } from '@/components/ui/button';
import { decimal } from '@/lib/format';
import { useDownload } from '../../models/use-download';

export function CompletedBanner({ job }: { job: JobDetail }) {
  const { finalTrainingLoss, finalValidationLoss } = job.summary ?? {};
  const perplexity = job.currentMetrics?.perplexity;
  const facts = [
    { label: 'Final Training Loss', value: finalTrainingLoss, digits: 4 },
    { label: 'Final Validation Loss', value: finalValidationLoss, digits: 4 },
    { label: 'Final Perplexity', value: perplexity, digits: 2 },
  ];
  return (
    <section
      aria-labelledby="complete-heading"
      className="rounded-xl border-2 border-green-300 bg-gradient-to-r from-green-50 to-emerald-50 p-6"
    >
      <div className="flex flex-col gap-4 sm:flex-row">
        <span className="flex size-12 shrink-0 items-center justify-center rounded-full bg-solid-green text-white">
          <SparklesIcon aria-hidden className="size-6" />
        </span>
        <div className="min-w-0 flex-1 space-y-4">
          <div>
            <h2 id="complete-heading" className="text-xl font-semibold text-green-900">
              <span aria-hidden>🎉 </span>Training Complete!
            </h2>
            <p className="text-green-800">The adapter is trained, checked and stored.</p>
          </div>
          <dl className="grid grid-cols-1 gap-4 rounded-lg bg-card/50 p-4 sm:grid-cols-3">
            {facts.map(
              ({ label, value, digits }) =>
                value !== undefined && (
                  <div key={label}>
                    <dt className="text-xs text-green-800">{label}</dt>
                    <dd className="text-lg font-semibold text-green-900">{decimal(value, digits)}</dd>
                  </div>
                ),
            )}
          </dl>
          {job.artifactId && <Actions modelId={job.artifactId} />}
          {job.artifactId && <StoredAt modelId={job.artifactId} />}
        </div>
      </div>
    </section>
  );
}

function Actions({ modelId }: { modelId: string }) {
  const download = useDownload(modelId);
  return (
    <div className="flex flex-wrap gap-2">
      <Button asChild size="lg" className="bg-solid-green text-white hover:bg-solid-green-strong">
        <Link to="/models/$artifactId" params={{ artifactId: modelId }}>
          <ExternalLinkIcon aria-hidden className="mr-2" />
          View LoRA Model
          <ArrowRightIcon aria-hidden />
        </Link>
      </Button>
      <Button size="lg" variant="outline" disabled={download.isPending} onClick={() => download.mutate('all')}>
        <DownloadIcon aria-hidden className="mr-2" />
        Download Artifacts
      </Button>
    </div>
  );
}

/** Where the adapter lies in the storage. */
function StoredAt({ modelId }: { modelId: string }) {
  const { data } = useQuery(modelQuery(modelId));
  if (!data) return null;
  return (
    <p className="border-t border-green-200 pt-3 text-xs break-words text-green-700">
      <strong>Note:</strong> the adapter is stored at{' '}
      <code className="rounded bg-green-100 px-1 font-mono break-all">{data.artifacts.adapterModel.s3Key}</code>
    </p>
  );
}
