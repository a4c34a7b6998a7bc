import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followShared } from './shared-stream';

class Source extends EventTarget {
  static all: Source[] = [];
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    Source.all.push(this);
  }
  close() {
    this.readyState = Source.CLOSED;
  }
  opened() {
    this.readyState = Source.OPEN;
    this.onopen?.();
  }
  refused() {
    this.readyState = Source.CLOSED;
    this.onerror?.();
  }
  say(name: string, lastEventId: string) {
    this.dispatchEvent(new MessageEvent(name, { data: '{}', lastEventId }));
  }
}

/** Tabs that hear each other at once. */
class Channel {
  static all = new Set<Channel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) {
    Channel.all.add(this);
  }
  postMessage(data: unknown) {
    for (const other of Channel.all) if (other !== this && other.name === this.name) other.onmessage?.({ data });
  }
  close() {
    Channel.all.delete(this);
  }
}

/** One after the other. */
function locks() {
  let before: Promise<unknown> = Promise.resolve();
  const request = (_: string, { signal }: { signal: AbortSignal }, run: () => Promise<void>) => {
    const turn = before.then(() => (signal.aborted ? undefined : run()));
    before = turn;
    return turn;
  };
  return { request };
}

beforeEach(() => {
  Source.all = [];
  Channel.all.clear();
  vi.stubGlobal('EventSource', Source);
  vi.stubGlobal('BroadcastChannel', Channel);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function tab() {
  const seen: string[] = [];
  const close = followShared({
    name: 'jobs',
    url: '/stream',
    events: ['stage'],
    onEvent: (name) => seen.push(name),
    onState: (state) => seen.push(state),
  });
  return { seen, close };
}

const turns = () => vi.advanceTimersByTimeAsync(0);

it('holds one connection for all tabs, and the next tab goes on after the last event', async () => {
  vi.stubGlobal('navigator', { locks: locks() });
  const first = tab();
  await turns();
  Source.all[0]?.opened();
  const second = tab();
  await turns();
  expect(Source.all).toHaveLength(1);
  Source.all[0]?.say('stage', '7');
  expect(first.seen).toEqual(['live', 'stage']);
  expect(second.seen).toEqual(['live', 'stage']);

  first.close();
  await turns();
  expect(Source.all.map(({ url }) => url)).toEqual(['/stream', '/stream?lastEventId=7']);
  expect(Source.all[0]?.readyState).toBe(Source.CLOSED);
  second.close();
  expect(Source.all[1]?.readyState).toBe(Source.CLOSED);
});

it('opens again what was refused, later each time, and says that it is lost', async () => {
  vi.stubGlobal('navigator', {});
  const { seen, close } = tab();
  Source.all[0]?.refused();
  expect(seen).toEqual(['lost']);
  await vi.advanceTimersByTimeAsync(2000);
  Source.all[1]?.refused();
  await vi.advanceTimersByTimeAsync(2000);
  expect(Source.all).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(2000);
  expect(Source.all).toHaveLength(3);
  Source.all[2]?.opened();
  expect(seen).toEqual(['lost', 'lost', 'live']);
  close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Source.all).toHaveLength(3);
});

it('passes a turn on that comes in the moment of leaving', async () => {
  let granted: (() => Promise<void>) | undefined;
  const request = (_: string, __: unknown, run: () => Promise<void>) => {
    granted = run;
    return Promise.resolve();
  };
  vi.stubGlobal('navigator', { locks: { request } });
  tab().close();
  await expect(granted?.()).resolves.toBeUndefined();
  expect(Source.all).toHaveLength(0);
});
