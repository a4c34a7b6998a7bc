import { DatabaseIcon, PlusIcon } from 'lucide-react';
import { EmptyState } from '@/components/empty-state';
import { Button } from '@/components/ui/button';
import { SampleButton } from '../first-run/sample-button';

/** Stands in place of an empty list; a page with data sets does not load it. */
export default function NoDatasets(props: { filtered: boolean; onClear: () => void; onCreate: () => void }) {
  if (props.filtered) {
    return (
      <EmptyState
        icon={DatabaseIcon}
        title="No datasets found"
        action={
          <Button variant="outline" onClick={props.onClear}>
            Clear Filters
          </Button>
        }
      >
        Nothing matches these filters. Loosen them to see more.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={DatabaseIcon}
      title="No datasets found"
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Button onClick={props.onCreate}>
            <PlusIcon aria-hidden className="mr-2" />
            Create Your First Dataset
          </Button>
          <SampleButton variant="outline" />
        </div>
      }
    >
      Upload a file of conversations to begin, or try it with the sample that comes with BrightRun.
    </EmptyState>
  );
}
