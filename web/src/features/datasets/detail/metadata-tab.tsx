import { DownloadIcon } from 'lucide-react';
import type { DatasetDetail } from '@/api/types';
import { Button } from '@/components/ui/button';
import { bytes } from '@/lib/format';
import { saveText } from '@/lib/save';
import { ExportSection } from '../export/export-section';

export function MetadataTab({ dataset }: { dataset: DatasetDetail }) {
  const json = JSON.stringify(metadata(dataset), null, 2);
  const rows = [
    ['File Name:', dataset.fileName],
    ['Storage Path:', dataset.s3Key],
    ['File Size:', bytes(dataset.fileSize, 2)],
    ['Format Version:', dataset.format],
  ];
  return (
    <div className="space-y-6">
      <section className="space-y-2">
        <h3 className="font-semibold">File Information</h3>
        <dl className="space-y-1 rounded-lg bg-muted p-4 font-mono text-sm">
          {rows.map(([label, value]) => (
            <div key={label} className="flex flex-wrap justify-between gap-x-4">
              <dt className="text-muted-foreground">{label}</dt>
              <dd className="break-all">{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="space-y-2">
        <h3 className="font-semibold">Dataset Metadata (JSON)</h3>
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
          tabIndex={0}
          className="h-64 overflow-auto rounded-lg border p-4 font-mono text-xs"
        >
          {json}
        </pre>
      </section>
      <Button
        variant="outline"
        className="w-full"
        onClick={() => saveText(`${dataset.name}-metadata.json`, json, 'application/json')}
      >
        <DownloadIcon aria-hidden className="mr-2" />
        Export Metadata
      </Button>
      <ExportSection dataset={dataset} />
    </div>
  );
}

function metadata(dataset: DatasetDetail) {
  return {
    id: dataset.id,
    name: dataset.name,
    format: dataset.format,
    totalConversations: dataset.totalConversations,
    totalTrainingPairs: dataset.totalTrainingPairs,
    qualityScore: dataset.qualityScore === undefined ? null : Number(dataset.qualityScore.toFixed(2)),
    vertical: dataset.vertical ?? null,
    consultant: { name: dataset.consultantName ?? null, title: dataset.consultantTitle ?? null },
    trainingReady: dataset.trainingReady,
    readinessIssues: dataset.readinessIssues,
    humanReviewPercent:
      dataset.humanReviewedPercent === undefined ? null : Number(dataset.humanReviewedPercent.toFixed(1)),
    created: dataset.createdAt,
    lastModified: dataset.updatedAt,
  };
}
