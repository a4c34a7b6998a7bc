import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { settingsQuery } from '@/api/settings';
import type { AccountSettings } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { Skeleton } from '@/components/ui/skeleton';

/** Shows something once the settings are known. */
export function WithSettings({
  height,
  children,
}: {
  /** Class that holds the place meanwhile. */
  height: string;
  children: (settings: AccountSettings) => ReactNode;
}) {
  const { data, error, refetch } = useQuery(settingsQuery);
  if (data) return children(data);
  if (error) return <ErrorState className="py-6" error={error} onRetry={() => void refetch()} />;
  return <Skeleton className={height} />;
}
