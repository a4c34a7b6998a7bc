import type { FixChange, FixesPreview, Message } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { bytes, integer, plural } from '@/lib/format';
import { MessageList } from '../conversations/message-list';
import { fixLabel } from './names';
import { diff } from './text-diff';

/** What fixes would do: the numbers, and the first changes in full. */
export function Preview({ preview }: { preview: FixesPreview }) {
  const { figures, changes, complete, bytesRead } = preview;
  const tiles = [
    { label: 'Records', value: integer(figures.records) },
    { label: 'Changed', value: integer(figures.changed) },
    { label: 'Left out', value: integer(figures.dropped) },
    { label: 'Trainable examples', value: `${integer(figures.examplesBefore)} → ${integer(figures.examplesAfter)}` },
  ];
  const idle = figures.byFix.every(({ count }) => count === 0);
  return (
    <section aria-label="What changes" className="min-w-0 space-y-4">
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
        {tiles.map(({ label, value }) => (
          <div key={label} className="rounded-lg bg-muted p-3">
            <dt className="text-sm text-muted-foreground">{label}</dt>
            <dd className="text-lg font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      <ul className="space-y-1 text-sm">
        {figures.byFix.map(({ fix, count }) => (
          <li key={fix} className="flex justify-between gap-4 border-b py-1">
            <span className="text-muted-foreground">{fixLabel(fix)}</span>
            <span className="font-medium whitespace-nowrap">{plural(count, 'place')}</span>
          </li>
        ))}
        {figures.added > 0 && <Extra label="Records that come of cutting others" count={figures.added} />}
        {figures.notMended > 0 && (
          <Extra label="Records that stay as they are: no fix helps them" count={figures.notMended} />
        )}
      </ul>
      {!complete && (
        <p className="text-sm text-yellow-800">
          These are the numbers of the first {bytes(bytesRead)} of the file; the new version is made of all of it.
        </p>
      )}
      {idle ? (
        <p role="status" className="text-sm text-muted-foreground">
          These fixes would change nothing.
        </p>
      ) : (
        <section
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
          tabIndex={0}
          aria-label="Changes"
          className="relative max-h-80 space-y-3 overflow-y-auto rounded-lg border p-3"
        >
          {changes.length === 0 && <p className="text-sm text-muted-foreground">No conversation's text changes.</p>}
          {changes.map((change) => (
            <Change key={`${change.line}-${change.fixes.join()}`} change={change} />
          ))}
          {changes.length < figures.changed + figures.dropped && changes.length > 0 && (
            <p className="text-xs text-muted-foreground">
              The first {integer(changes.length)} of {integer(figures.changed + figures.dropped)} are shown.
            </p>
          )}
        </section>
      )}
    </section>
  );
}

function Extra({ label, count }: { label: string; count: number }) {
  return (
    <li className="flex justify-between gap-4 border-b py-1">
      <span className="text-muted-foreground">{label}</span>
      <span className="font-medium">{integer(count)}</span>
    </li>
  );
}

function Change({ change }: { change: FixChange }) {
  const { before, after, line, fixes } = change;
  const [only] = after;
  return (
    <article className="space-y-2 rounded-lg border p-3">
      <h4 className="flex flex-wrap items-center gap-2 text-sm font-medium">
        Line {integer(line)}
        {fixes.map((fix) => (
          <Badge key={fix} variant="outline">
            {fixLabel(fix)}
          </Badge>
        ))}
        {after.length === 0 && <Badge variant="destructive">Left out</Badge>}
        {after.length > 1 && <Badge variant="blue">Becomes {plural(after.length, 'conversation')}</Badge>}
      </h4>
      {after.length === 1 && only && before.length > 0 ? (
        <Changed before={before} after={only} />
      ) : (
        <div className="grid gap-3 md:grid-cols-2">
          <Side title="Before" empty="It cannot be read." messages={before} />
          {after.length === 0 ? (
            <Side title="After" empty="It is left out." messages={[]} />
          ) : (
            <div className="min-w-0 space-y-3">
              {after.map((messages, index) => (
                <Side
                  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a conversation never change their order
                  key={index}
                  title={after.length > 1 ? `After, part ${index + 1}` : 'After'}
                  empty="It is empty."
                  messages={messages}
                />
              ))}
            </div>
          )}
        </div>
      )}
    </article>
  );
}

function Side({ title, messages, empty }: { title: string; messages: Message[]; empty: string }) {
  return (
    <div className="min-w-0">
      <h5 className="mb-1 text-xs font-medium text-muted-foreground">{title}</h5>
      {messages.length > 0 ? <MessageList messages={messages} /> : <p className="text-sm">{empty}</p>}
    </div>
  );
}

const KINDS = {
  same: { Tag: 'span', look: '', spoken: '' },
  removed: { Tag: 'del', look: 'rounded bg-red-100 text-red-900', spoken: 'removed: ' },
  added: { Tag: 'ins', look: 'rounded bg-green-100 text-green-900', spoken: 'added: ' },
} as const;

/** A conversation that stays one: its two sides beside each other, with the words that differ marked on both. */
function Changed({ before, after }: { before: Message[]; after: Message[] }) {
  // Messages that were joined or dropped leave the two sides with different numbers of them; then each side is shown by itself.
  const paired = before.length === after.length;
  const marked = (kind: 'removed' | 'added') => (_: Message, index: number) => (
    <>
      {diff(before[index]?.content ?? '', after[index]?.content ?? '')
        .filter((piece) => piece.kind === 'same' || piece.kind === kind)
        .map((piece, place) => {
          const { Tag, look, spoken } = KINDS[piece.kind];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change their order
            <Tag key={place} className={look}>
              {spoken && <span className="sr-only">{spoken}</span>}
              {piece.text}
            </Tag>
          );
        })}
    </>
  );
  return (
    <div className="grid gap-3 md:grid-cols-2">
      {(['removed', 'added'] as const).map((kind) => (
        <div key={kind} className="min-w-0">
          <h5 className="mb-1 text-xs font-medium text-muted-foreground">{kind === 'removed' ? 'Before' : 'After'}</h5>
          <MessageList messages={kind === 'removed' ? before : after} {...(paired && { show: marked(kind) })} />
        </div>
      ))}
    </div>
  );
}
