import { useMutation } from '@tanstack/react-query';
import { DownloadIcon, SearchIcon } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { allLogs } from '@/api/jobs';
import type { JobDetail, LogLine } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Checkbox } from '@/components/ui/checkbox';
import { Input } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { messageOf } from '@/lib/errors';
import { clockTime, plural } from '@/lib/format';
import { saveText } from '@/lib/save';
import { toast } from '@/lib/toast';
import { cn } from '@/lib/utils';
import { filterLogs, logText } from '../logs';
import type { MonitorSearch } from '../search';
import { useMonitorSearch } from '../use-monitor-search';

const COLOURS = { info: 'text-muted-foreground', warning: 'text-yellow-800', error: 'text-red-700' } as const;

export default function LogsCard({ job }: { job: JobDetail }) {
  const [follow, setFollow] = useState(true);
  const [view, change] = useMonitorSearch();
  const lines = filterLogs(job.logs, view);
  const save = useMutation({
    mutationFn: () => allLogs(job.id),
    onSuccess: (logs) => saveText(`${job.name}.log`, logs.map(logText).join(''), 'text/plain'),
    onError: (error) => toast.error(messageOf(error)),
  });
  return (
    <Card className="gap-4 p-6">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">Logs</h2>
        <Button variant="outline" size="sm" disabled={save.isPending} onClick={() => save.mutate()}>
          <DownloadIcon aria-hidden className="mr-2" />
          Download Logs
        </Button>
      </div>
      <LogControls view={view} follow={follow} onChange={change} onFollow={setFollow} />
      <Lines lines={lines} follow={follow} empty={job.logs.length === 0} onFollow={setFollow} />
      <p className="text-xs text-muted-foreground" role="status">
        {plural(lines.length, 'line')} of the latest {job.logs.length}. The download has them all.
      </p>
    </Card>
  );
}

function LogControls(props: {
  view: MonitorSearch;
  follow: boolean;
  onChange: (patch: Partial<MonitorSearch>) => void;
  onFollow: (follow: boolean) => void;
}) {
  const { view, onChange } = props;
  const id = useId();
  return (
    <div className="flex flex-col gap-3 sm:flex-row sm:items-center">
      <div className="relative flex-1">
        <SearchIcon aria-hidden className="absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted-foreground" />
        <Input
          type="search"
          aria-label="Search the log"
          placeholder="Search the log..."
          className="pl-10"
          value={view.q ?? ''}
          onChange={(event) => onChange({ q: event.target.value || undefined })}
        />
      </div>
      <Select
        value={view.level ?? 'all'}
        onValueChange={(level) => onChange({ level: level === 'warning' || level === 'error' ? level : undefined })}
      >
        <SelectTrigger aria-label="Level" className="sm:w-48">
          <SelectValue />
        </SelectTrigger>
        <SelectContent>
          <SelectItem value="all">All Levels</SelectItem>
          <SelectItem value="warning">Warnings and Errors</SelectItem>
          <SelectItem value="error">Errors Only</SelectItem>
        </SelectContent>
      </Select>
      <label htmlFor={id} className="flex items-center gap-2 text-sm">
        <Checkbox id={id} checked={props.follow} onCheckedChange={(checked) => props.onFollow(checked === true)} />
        Follow
      </label>
    </div>
  );
}

/** The lines. While they are followed the newest stays in view; scrolling up stops that. */
function Lines(props: { lines: LogLine[]; follow: boolean; empty: boolean; onFollow: (follow: boolean) => void }) {
  const { lines, follow } = props;
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line scrolls the box
  useEffect(() => {
    const element = box.current;
    if (element && follow) element.scrollTop = element.scrollHeight;
  }, [lines.length, follow]);
  return (
    <div
      ref={box}
      role="log"
      aria-label="Log of the job"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
      tabIndex={0}
      onWheel={(event) => event.deltaY < 0 && props.onFollow(false)}
      className="max-h-72 overflow-y-auto rounded-lg bg-muted p-3 font-mono text-xs"
    >
      {lines.length === 0 && (
        <p className="text-muted-foreground">{props.empty ? 'Nothing yet.' : 'No line matches.'}</p>
      )}
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added, and may repeat
        <p key={index} className="break-words">
          <span className="text-muted-foreground">{clockTime(line.timestamp)}</span>{' '}
          <span className={cn('font-semibold uppercase', COLOURS[line.level])}>{line.level}</span> {line.message}
        </p>
      ))}
    </div>
  );
}
