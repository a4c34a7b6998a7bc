import { getRouteApi } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense } from 'react';
import type { DatasetDetail, DatasetFix } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { DialogTitle } from '@/components/ui/dialog';
import { Skeleton } from '@/components/ui/skeleton';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { StartTraining } from '../card/dataset-card';
import { fixesOf } from '../fixes/names';
import { ConversationsTab } from './conversations-tab';
import { DeleteDataset } from './delete-dataset';
import { EditDataset } from './edit-dataset';
import { MetadataTab } from './metadata-tab';
import { OverviewTab } from './overview-tab';
import { ResumeUpload } from './resume-upload';
import { ScaffoldingTab } from './scaffolding-tab';
import { type DatasetTab, TABS } from './tabs';

const ExamplesTab = lazy(() => import('./examples-tab'));
const FixDialog = lazy(() => import('../fixes/fix-dialog'));
const route = getRouteApi('/_app/datasets/$id');

const PANELS: { value: DatasetTab; label: string; Tab: (props: { dataset: DatasetDetail }) => ReactNode }[] = [
  { value: 'overview', label: 'Overview', Tab: OverviewTab },
  { value: 'scaffolding', label: 'Scaffolding', Tab: ScaffoldingTab },
  { value: 'conversations', label: 'Conversations', Tab: ConversationsTab },
  { value: 'examples', label: 'Examples', Tab: ExamplesTab },
  { value: 'metadata', label: 'Metadata', Tab: MetadataTab },
];

export function DatasetDetails({
  dataset,
  tab,
  onTab,
  onClose,
}: {
  dataset: DatasetDetail;
  tab: DatasetTab;
  onTab: (tab: DatasetTab) => void;
  onClose: () => void;
}) {
  const consultant = [dataset.consultantName, dataset.consultantTitle].filter(Boolean).join(', ');
  const about = [dataset.vertical?.replaceAll('_', ' '), consultant].filter(Boolean).join(' • ') || dataset.description;
  return (
    <>
      <div className="flex flex-col items-start justify-between gap-x-4 gap-y-2 sm:flex-row border-b p-6 pr-12 pb-4">
        <div className="min-w-0">
          <DialogTitle className="text-2xl leading-8 break-words">{dataset.name}</DialogTitle>
          {about && <p className="mt-1 text-muted-foreground">{about}</p>}
        </div>
        <Badge variant={dataset.format === 'brightrun-lora-v4' ? 'green' : 'secondary'} className="shrink-0">
          {dataset.format}
        </Badge>
      </div>
      <Tabs
        value={tab}
        onValueChange={(next) => onTab(TABS.find((known) => known === next) ?? 'overview')}
        className="min-h-0 flex-1 gap-0"
      >
        {/* On a narrow screen the row of tabs scrolls. */}
        <div className="shrink-0 overflow-x-auto px-4 pt-4 sm:px-6">
          <TabsList className="w-full min-w-max">
            {PANELS.map(({ value, label }) => (
              <TabsTrigger key={value} value={value} className="px-1 text-xs sm:px-2 sm:text-sm">
                {label}
              </TabsTrigger>
            ))}
          </TabsList>
        </div>
        {PANELS.map(({ value, Tab }) => (
          <TabsContent key={value} value={value} className="h-[50dvh] min-h-0 flex-auto overflow-y-auto p-6">
            {value === 'overview' && dataset.status === 'uploading' && <ResumeUpload id={dataset.id} />}
            <Suspense fallback={<Skeleton className="h-64 w-full" />}>
              <Tab dataset={dataset} />
            </Suspense>
          </TabsContent>
        ))}
      </Tabs>
      <div className="flex flex-wrap justify-between gap-2 border-t p-6">
        <div className="flex gap-2">
          <Button variant="outline" onClick={onClose}>
            Close
          </Button>
          <EditDataset dataset={dataset} />
          <DeleteDataset id={dataset.id} name={dataset.name} onDeleted={onClose} />
        </div>
        <StartTraining dataset={dataset} className="h-10 w-full px-6 sm:w-auto" />
      </div>
      <Fixes dataset={dataset} />
    </>
  );
}

/** The fixes that the address names, once the data set can be mended. */
function Fixes({ dataset }: { dataset: DatasetDetail }) {
  const { fix } = route.useSearch();
  const navigate = route.useNavigate();
  const fixes = fixesOf(fix);
  if (!fixes || (dataset.status !== 'ready' && dataset.status !== 'error')) return null;
  const change = (next: DatasetFix[]) =>
    void navigate({ search: (old) => ({ ...old, fix: next.length > 0 ? next.join(',') : undefined }), replace: true });
  return (
    <Suspense>
      <FixDialog key={dataset.id} dataset={dataset} fixes={fixes} onFixes={change} onClose={() => change([])} />
    </Suspense>
  );
}
