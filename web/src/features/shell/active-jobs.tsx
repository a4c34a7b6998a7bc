import { ChevronDownIcon, RocketIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { PopoverOnDemand } from '@/components/popover-on-demand';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { cn } from '@/lib/utils';
import { useLiveJobs } from './use-live-jobs';

const ActiveJobsPanel = lazy(() => import('./active-jobs-panel'));

/** The running jobs, in the header. Absent when none runs. */
export function ActiveJobs() {
  const [open, setOpen] = useState(false);
  const jobs = useLiveJobs();
  if (jobs.length === 0) return null;
  const button = (
    <Button variant="ghost" size="sm" aria-label={`Training: ${jobs.length} active`}>
      <span className="relative">
        <RocketIcon aria-hidden />
        <span
          aria-hidden
          className="absolute -top-1 -right-1 size-2 animate-pulse rounded-full bg-blue-500 motion-reduce:animate-none"
        />
      </span>
      <span className="hidden lg:inline">Training: {jobs.length} active</span>
      <ChevronDownIcon aria-hidden className={cn('transition-transform', open && 'rotate-180')} />
    </Button>
  );
  return (
    <PopoverOnDemand
      button={button}
      label="Active training jobs"
      className="w-[380px]"
      open={open}
      onOpenChange={setOpen}
    >
      <Suspense fallback={<Skeleton className="m-3 h-40" />}>
        <ActiveJobsPanel jobs={jobs} onLeave={() => setOpen(false)} />
      </Suspense>
    </PopoverOnDemand>
  );
}
