import { getRouteApi } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { MonitorSearch } from './search';

const route = getRouteApi('/_app/training/jobs/$jobId');

/** How the job is looked at, as the address says it, and a way to change that. */
export function useMonitorSearch(): [MonitorSearch, (patch: Partial<MonitorSearch>) => void] {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (patch: Partial<MonitorSearch>) =>
      void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false }),
    [navigate],
  );
  return [search, change];
}
