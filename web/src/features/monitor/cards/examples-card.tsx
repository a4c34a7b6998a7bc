import { TextIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { JobDetail } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Skeleton } from '@/components/ui/skeleton';
import { useMonitorSearch } from '../use-monitor-search';

const Examples = lazy(() => import('../examples'));

/** The data set's examples as this job sees them, once they are asked for: which one is in the address. */
export function ExamplesCard({ job }: { job: JobDetail }) {
  const [{ example }, change] = useMonitorSearch();
  const shown = example !== undefined;
  return (
    <Card className="gap-4 p-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 className="text-lg font-semibold">Examples</h2>
          <p className="text-sm text-muted-foreground">What of the dataset this job learns, reads and cuts off</p>
        </div>
        <Button
          variant="outline"
          size="sm"
          aria-expanded={shown}
          onClick={() => change({ example: shown ? undefined : 1 })}
        >
          <TextIcon aria-hidden className="mr-2" />
          {shown ? 'Hide Examples' : 'Show Examples'}
        </Button>
      </div>
      {shown && (
        <Suspense fallback={<Skeleton className="h-96" />}>
          <Examples job={job} number={example} />
        </Suspense>
      )}
    </Card>
  );
}
