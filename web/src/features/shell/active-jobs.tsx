import { Link } from '@tanstack/react-router';
import { ChevronDownIcon, RocketIcon } from 'lucide-react';
import { useState } from 'react';
import type { Job } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Progress } from '@/components/ui/progress';
import { duration, percent } from '@/lib/format';
import { cn } from '@/lib/utils';
import { useLiveJobs } from './use-live-jobs';

/** The running jobs, in the header. Absent when none runs. */
export function ActiveJobs() {
  const [open, setOpen] = useState(false);
  const jobs = useLiveJobs();
  if (jobs.length === 0) return null;
  const close = () => setOpen(false);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
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
      </PopoverTrigger>
      <PopoverContent className="w-[380px]" aria-label="Active training jobs">
        <h2 className="border-b p-3 text-base">Active Training Jobs</h2>
        <ul className="max-h-[400px] overflow-y-auto">
          {jobs.map((job) => (
            <li key={job.id}>
              <ActiveJob job={job} onOpen={close} />
            </li>
          ))}
        </ul>
        <div className="border-t bg-muted/50 p-3">
          <Button asChild variant="ghost" className="w-full">
            <Link to="/training/jobs" onClick={close}>
              View All Training Jobs
            </Link>
          </Button>
        </div>
      </PopoverContent>
    </Popover>
  );
}

function ActiveJob({ job, onOpen }: { job: Job; onOpen: () => void }) {
  const elapsed = job.startedAt ? duration(job.elapsedSeconds) : 'starting';
  return (
    <Link
      to="/training/jobs/$jobId"
      params={{ jobId: job.id }}
      onClick={onOpen}
      className="block space-y-2 border-b p-4 hover:bg-accent focus-visible:bg-accent focus-visible:outline-none"
    >
      <span className="flex items-start justify-between gap-2">
        <span className="min-w-0">
          <span className="flex items-center gap-2 text-sm font-medium">
            <span
              aria-hidden
              className="size-2 shrink-0 animate-pulse rounded-full bg-blue-500 motion-reduce:animate-none"
            />
            <span className="truncate">{job.name}</span>
          </span>
          <span className="block text-xs text-muted-foreground">
            {job.instanceName} • {elapsed}
          </span>
        </span>
        <Badge variant="secondary">{percent(job.progress)}</Badge>
      </span>
      <Progress aria-label={`Progress of ${job.name}`} value={job.progress} className="h-1.5" />
      <span className="block text-xs text-muted-foreground">
        Epoch {job.currentEpoch ?? 0}/{job.totalEpochs}
      </span>
    </Link>
  );
}
