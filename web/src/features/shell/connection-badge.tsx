import { WifiOffIcon } from 'lucide-react';
import { Badge } from '@/components/ui/badge';
import type { Connection } from '@/features/live/shared-stream';

/** Tells on every page that what it shows may be old until the server can be reached again. */
export function ConnectionBadge({ connection }: { connection: Connection }) {
  return (
    <span role="status">
      {connection === 'lost' && (
        <Badge
          variant="outline"
          className="border-yellow-300 bg-yellow-50 text-yellow-800"
          title="The server cannot be reached. What is shown may be old until it is back."
        >
          <WifiOffIcon aria-hidden className="size-3.5" />
          <span className="sr-only sm:not-sr-only">Reconnecting...</span>
        </Badge>
      )}
    </span>
  );
}
