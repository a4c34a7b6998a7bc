import { Badge } from '@/components/ui/badge';
import { cn } from '@/lib/utils';

/** Names of this machine; what is served from it is somebody's own try. */
const LOCAL = /^(localhost|127\.|\[::1\]$)|\.localhost$/;

/** Whether this is an installation for others or one on the reader's own machine, by its address. */
export function EnvironmentBadge({ host = window.location.hostname }: { host?: string }) {
  const local = LOCAL.test(host);
  return (
    <Badge variant={local ? 'secondary' : 'default'} className="hidden md:inline-flex">
      <span aria-hidden className={cn('size-2 rounded-full', local ? 'bg-yellow-400' : 'bg-green-500')} />
      {local ? 'Development' : 'Production'}
    </Badge>
  );
}
