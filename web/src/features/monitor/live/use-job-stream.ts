import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isLive, jobQuery, metricsQuery } from '@/api/jobs';
import type { JobDetail } from '@/api/types';
import { BASE } from '@/lib/base';
import { useVisible } from '@/lib/use-visible';
import { addPoint, applyEvent, EVENT_NAMES, isTerminal, needsRefetch, type StreamEvent } from './events';

export type Connection = 'connecting' | 'live' | 'lost' | 'ended';

/** Events are taken together this often, in milliseconds: a fast run reports many steps a second. */
const FLUSH = 200;
/** When a stream ended for good while the job goes on, it is opened again after this time, in milliseconds. */
const REOPEN = 2000;
/** A curve that grew longer than this is fetched again, thinned out. */
const MAX_POINTS = 1500;

/**
 * Follows a job as long as it lives: its events update the job and its curve where the pages read them. Nothing is missed: the stream
 * starts after the last event that the loaded job knows, and the browser asks for what it missed when it reconnects.
 */
export function useJobStream(job: JobDetail, onEnd: (how: 'complete' | 'error' | 'cancelled') => void): Connection {
  const client = useQueryClient();
  const live = isLive(job.status);
  const visible = useVisible();
  const [connection, setConnection] = useState<Connection>('connecting');
  const [generation, setGeneration] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the stream is opened once a life, not at each event
  useEffect(() => {
    // A browser has but six connections to a server: a tab that nobody sees gives its one back.
    if (!live || !visible) return;
    const after = client.getQueryData(jobQuery(job.id).queryKey)?.lastEventSeq ?? job.lastEventSeq;
    const source = new EventSource(`${BASE}/api/jobs/${job.id}/stream?lastEventId=${after}`);
    const buffer: StreamEvent[] = [];
    let reopening: ReturnType<typeof setTimeout> | undefined;
    const flushing = setInterval(() => flush(client, job.id, buffer.splice(0)), FLUSH);

    source.onopen = () => setConnection('live');
    const take = (name: StreamEvent['name'], message: MessageEvent<string>) => {
      const event = {
        name,
        seq: Number(message.lastEventId),
        at: new Date().toISOString(),
        data: JSON.parse(message.data),
      };
      buffer.push(event as StreamEvent);
      if (!isTerminal(name)) return;
      source.close();
      flush(client, job.id, buffer.splice(0));
      setConnection('ended');
      onEnd(name);
      for (const queryKey of [['jobs'], ['models'], ['notifications'], ['costs'], ['activity']]) {
        void client.invalidateQueries({ queryKey });
      }
    };
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event) => {
        // `error` is also the name of the browser's own event, which carries no data.
        if (event instanceof MessageEvent) take(name, event);
      });
    }
    source.onerror = () => {
      if (source.readyState === EventSource.OPEN) return;
      setConnection('lost');
      if (source.readyState !== EventSource.CLOSED || reopening) return;
      void client.invalidateQueries({ queryKey: jobQuery(job.id).queryKey });
      reopening = setTimeout(() => setGeneration((n) => n + 1), REOPEN);
    };
    // A network that is gone breaks no open stream at once: the browser says so earlier.
    const offline = () => setConnection('lost');
    const online = () => setGeneration((n) => n + 1);
    window.addEventListener('offline', offline);
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('offline', offline);
      window.removeEventListener('online', online);
      clearInterval(flushing);
      clearTimeout(reopening);
      source.close();
      flush(client, job.id, buffer.splice(0));
    };
  }, [job.id, live, visible, job.attempt, generation, client]);

  return live ? connection : 'ended';
}

function flush(client: QueryClient, id: string, events: StreamEvent[]): void {
  if (events.length === 0) return;
  client.setQueryData(jobQuery(id).queryKey, (job) => job && events.reduce(applyEvent, job));
  client.setQueryData(metricsQuery(id).queryKey, (curve) => {
    if (!curve) return curve;
    const points = events.reduce(
      (known, event) => (event.name === 'metrics' ? addPoint(known, { ...event.data, timestamp: event.at }) : known),
      curve.points,
    );
    return { ...curve, points, total: Math.max(curve.total, points.length) };
  });
  if (events.some(({ name }) => needsRefetch(name))) {
    void client.invalidateQueries({ queryKey: jobQuery(id).queryKey });
  }
  const curve = client.getQueryData(metricsQuery(id).queryKey);
  if (curve && curve.points.length > MAX_POINTS) {
    void client.invalidateQueries({ queryKey: metricsQuery(id).queryKey });
  }
}
