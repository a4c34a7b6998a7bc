import { useMutation } from '@tanstack/react-query';
import { DownloadIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { allLogs } from '@/api/jobs';
import type { JobDetail, LogLine } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { messageOf } from '@/lib/errors';
import { clockTime } from '@/lib/format';
import { saveText } from '@/lib/save';
import { cn } from '@/lib/utils';

const COLOURS = { info: 'text-muted-foreground', warning: 'text-yellow-700', error: 'text-red-700' } as const;

export function LogsCard({ job }: { job: JobDetail }) {
  const box = useRef<HTMLDivElement>(null);
  const lines = job.logs;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line scrolls the box
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
    if (atEnd) element.scrollTop = element.scrollHeight;
  }, [lines.length]);
  const save = useMutation({
    mutationFn: () => allLogs(job.id),
    onSuccess: (logs) => saveText(`${job.name}.log`, logs.map(asText).join(''), 'text/plain'),
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
      <div
        ref={box}
        role="log"
        aria-label="Log of the job"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        className="max-h-72 overflow-y-auto rounded-lg bg-muted p-3 font-mono text-xs"
      >
        {lines.length === 0 && <p className="text-muted-foreground">Nothing yet.</p>}
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added, and may repeat
          <p key={index} className="break-words">
            <span className="text-muted-foreground">{clockTime(line.timestamp)}</span>{' '}
            <span className={cn('font-semibold uppercase', COLOURS[line.level])}>{line.level}</span> {line.message}
          </p>
        ))}
      </div>
    </Card>
  );
}

function asText({ timestamp, level, message }: LogLine): string {
  return `${timestamp} ${level.toUpperCase()} ${message}\n`;
}
