import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isTransient, isUnauthenticated } from './errors';

/** Server state. When any call says that the session has ended, the account is forgotten, and with it everything of that account. */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (isUnauthenticated(error) && client.getQueryData(['me']) != null) onSignedOut();
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2000,
        retry: (failures, error) => failures < 2 && isTransient(error),
      },
    },
  });
  return client;
}
