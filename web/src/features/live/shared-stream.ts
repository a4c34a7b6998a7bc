/** How a stream of events stands. */
export type Connection = 'connecting' | 'live' | 'lost';

/** What a stream tells, and what the tabs of a browser tell each other of it. */
type Message =
  | { type: 'event'; name: string; data: string; id: string }
  | { type: 'state'; state: Connection }
  /** A tab that has just come asks how it stands. */
  | { type: 'hello' };

export interface StreamOptions {
  /** Names the stream among those of this browser; each account has its own. */
  name: string;
  url: string;
  events: readonly string[];
  onEvent: (name: string, data: string) => void;
  /** `live` is also said when it has been opened again: what was read before may be old then. */
  onState: (state: Connection) => void;
}

/** When the server ended a stream for good, it is opened again after this time, in milliseconds, and after up to so much more. */
const REOPEN = 2000;
const MOST = 15_000;

/**
 * Follows a stream of events, with one connection for all tabs: a browser has but six to a server. One tab has it and tells the others; when
 * that goes, the next one takes over after the last event that it knows of. Where tabs cannot agree on one (a page without https), each has
 * its own. What is returned ends it.
 */
export function followShared({ name, url, events, onEvent, onState }: StreamOptions): () => void {
  const channel = new BroadcastChannel(name);
  const leaving = new AbortController();
  let last: string | undefined;
  let mine: { close: () => void; state: () => Connection } | undefined;

  const take = (message: Message) => {
    if (message.type === 'hello') {
      if (mine) channel.postMessage({ type: 'state', state: mine.state() } satisfies Message);
      return;
    }
    if (message.type === 'state') return onState(message.state);
    if (message.id) last = message.id;
    onEvent(message.name, message.data);
  };
  const tell = (message: Message) => {
    channel.postMessage(message);
    take(message);
  };
  const lead = () => {
    mine = open(url, events, () => last, tell);
  };
  channel.onmessage = (event: MessageEvent<Message>) => take(event.data);
  channel.postMessage({ type: 'hello' } satisfies Message);

  if (navigator.locks) {
    const turn = async () => {
      // The turn may come in the moment of leaving: it is passed on at once.
      if (leaving.signal.aborted) return;
      lead();
      await new Promise<void>((resolve) => leaving.signal.addEventListener('abort', () => resolve()));
    };
    navigator.locks.request(name, { signal: leaving.signal }, turn).catch(() => {
      // Left before its turn came.
    });
  } else lead();

  return () => {
    leaving.abort();
    mine?.close();
    channel.close();
  };
}

/** A connection that is opened again and again until it is closed. */
function open(
  url: string,
  events: readonly string[],
  last: () => string | undefined,
  tell: (message: Message) => void,
) {
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let state: Connection = 'connecting';
  const turn = (to: Connection) => {
    state = to;
    tell({ type: 'state', state });
  };
  const connect = () => {
    clearTimeout(again);
    source?.close();
    const after = last();
    const opened = new EventSource(after === undefined ? url : `${url}?lastEventId=${after}`);
    source = opened;
    opened.onopen = () => {
      failures = 0;
      turn('live');
    };
    opened.onerror = () => {
      if (opened.readyState === EventSource.OPEN || opened !== source) return;
      turn('lost');
      if (opened.readyState !== EventSource.CLOSED) return;
      again = setTimeout(connect, Math.min(REOPEN * 2 ** failures++, MOST));
    };
    for (const name of events) {
      opened.addEventListener(name, (event) => {
        // `error` is also the name of the browser's own event, which carries no data.
        if (event instanceof MessageEvent) tell({ type: 'event', name, data: event.data, id: event.lastEventId });
      });
    }
  };
  // A network that is gone breaks no open stream at once: the browser says so earlier.
  const offline = () => turn('lost');
  window.addEventListener('offline', offline);
  window.addEventListener('online', connect);
  connect();
  return {
    state: () => state,
    close: () => {
      window.removeEventListener('offline', offline);
      window.removeEventListener('online', connect);
      clearTimeout(again);
      source?.close();
    },
  };
}
