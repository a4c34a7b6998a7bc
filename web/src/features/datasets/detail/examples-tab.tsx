import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { TextIcon } from 'lucide-react';
import { datasetExampleQuery } from '@/api/examples';
import { catalogueQuery } from '@/api/jobs';
import type { DatasetDetail } from '@/api/types';
import { Choice } from '@/components/choice';
import { EmptyState } from '@/components/empty-state';
import { ExampleView } from '../../tokens/example-view';

const route = getRouteApi('/_app/datasets/$id');

/** The examples as the trainer would see them: what is learned, read, filled up and cut off. */
export default function ExamplesTab({ dataset }: { dataset: DatasetDetail }) {
  const { example = 1, model } = route.useSearch();
  const navigate = route.useNavigate();
  const ready = dataset.status === 'ready' && dataset.totalTrainingPairs > 0;
  const { data: catalogue } = useQuery(catalogueQuery);
  const query = useQuery({ ...datasetExampleQuery(dataset.id, example, model), enabled: ready });
  if (!ready) {
    return (
      <EmptyState icon={TextIcon} title="No examples">
        They are shown once the file has passed validation and holds something to train on.
      </EmptyState>
    );
  }
  const models = catalogue?.baseModels ?? [];
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h3 className="font-semibold">Examples as They Are Trained On</h3>
          <p className="text-sm text-muted-foreground">Every token, and what becomes of it</p>
        </div>
        {models.length > 1 && (
          <Choice
            aria-label="Base model"
            className="w-full sm:w-64"
            value={model ?? models[0]?.id ?? ''}
            options={models.map(({ id, displayName }) => ({ value: id, label: displayName }))}
            onChange={(next) => void navigate({ search: (old) => ({ ...old, model: next }), replace: true })}
          />
        )}
      </div>
      <ExampleView
        number={example}
        query={query}
        onNumber={(next) =>
          void navigate({ search: (old) => ({ ...old, example: next > 1 ? next : undefined }), replace: true })
        }
      />
    </div>
  );
}
