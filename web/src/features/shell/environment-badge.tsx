import { Badge } from '@/components/ui/badge';

/** Names of this machine; what is served from it is somebody's own try. */
const LOCAL = /^(localhost|127\.|\[::1\]$)|\.localhost$/;

/** Whether this is an installation for others or one on the reader's own machine, by its address. */
export function EnvironmentBadge({ host = window.location.hostname }: { host?: string }) {
  const local = LOCAL.test(host);
  return (
    <Badge variant={local ? 'secondary' : 'default'} className="hidden md:inline-flex">
      <span aria-hidden>{local ? '🟡' : '🟢'}</span>
      {local ? 'Development' : 'Production'}
    </Badge>
  );
}
