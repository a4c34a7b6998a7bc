import type { UseQueryResult } from '@tanstack/react-query';
import { ChevronLeftIcon, ChevronRightIcon } from 'lucide-react';
import { Fragment } from 'react';
import type { TokenSegment, TokenView } from '@/api/examples';
import { ErrorState } from '@/components/error-state';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { integer, plural } from '@/lib/format';
import { PARTS, remarks } from './parts';
import { Totals } from './totals';

/** One example as the trainer sees it, with the way to its neighbours and what all of them come to. */
export function ExampleView({
  number,
  query,
  onNumber,
}: {
  number: number;
  query: UseQueryResult<TokenView>;
  onNumber: (number: number) => void;
}) {
  const { data, error, isPlaceholderData, refetch } = query;
  if (error && !data) {
    return (
      <div>
        <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />
        {number > 1 && (
          <Button variant="outline" size="sm" className="mx-auto flex" onClick={() => onNumber(1)}>
            Go to the First Example
          </Button>
        )}
      </div>
    );
  }
  if (!data) {
    return (
      <output className="block space-y-3">
        <span className="sr-only">Loading</span>
        <Skeleton className="h-8 w-full" />
        <Skeleton className="h-64 w-full" />
      </output>
    );
  }
  const last = data.totals?.examples;
  return (
    <div className="space-y-4">
      <nav aria-label="Examples" className="flex flex-wrap items-center justify-between gap-3">
        <Button variant="outline" size="sm" disabled={number <= 1} onClick={() => onNumber(number - 1)}>
          <ChevronLeftIcon aria-hidden className="mr-2" />
          Previous
        </Button>
        <p role="status" className="order-first basis-full text-center text-sm sm:order-none sm:basis-auto">
          Example {integer(number)}
          {last !== undefined && ` of ${integer(last)}`}
          <span className="block text-xs break-all text-muted-foreground">
            {isPlaceholderData
              ? 'Loading...'
              : `line ${integer(data.line)} • ${data.conversationId}${data.split ? ` • ${data.split}` : ''}`}
          </span>
        </p>
        <Button
          variant="outline"
          size="sm"
          disabled={last !== undefined && number >= last}
          onClick={() => onNumber(number + 1)}
        >
          Next
          <ChevronRightIcon aria-hidden />
        </Button>
      </nav>
      <Remarks view={data} />
      {data.segments.length > 0 && (
        <section
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
          tabIndex={0}
          aria-label="The example's text"
          className="relative max-h-96 overflow-y-auto rounded-lg border p-4 font-mono text-xs leading-5 break-words whitespace-pre-wrap"
        >
          {data.segments.map((segment, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change their order
            <Fragment key={index}>
              <Segment segment={segment} />
            </Fragment>
          ))}
        </section>
      )}
      <Totals view={data} />
    </div>
  );
}

function Segment({ segment }: { segment: TokenSegment }) {
  const { label, look } = PARTS[segment.part];
  if (segment.part === 'padding') return <span className={look}>{plural(segment.tokens.length, 'padding token')}</span>;
  return (
    <span className={look} title={`${label}: ${plural(segment.tokens.length, 'token')}`}>
      {segment.part !== 'context' && <span className="sr-only">{label}: </span>}
      {segment.text}
    </span>
  );
}

function Remarks({ view }: { view: TokenView }) {
  const notes = remarks(view);
  if (notes.length === 0) return null;
  return (
    <ul className="space-y-1 rounded-lg border border-yellow-200 bg-yellow-50 p-3 text-sm text-yellow-800">
      {notes.map((note) => (
        <li key={note} className="break-words">
          {note}
        </li>
      ))}
    </ul>
  );
}
