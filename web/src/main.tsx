import { QueryClientProvider } from '@tanstack/react-query';
import { createRouter, RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BASE } from './lib/base';
import './index.css';
import { ErrorState } from './components/error-state';
import { NotFound } from './components/not-found';
import { PageSkeleton } from './components/page-skeleton';
import { isMissingPart, reloadIfOutdated } from './lib/outdated';
import { makeQueryClient } from './lib/query-client';
import { startTheme } from './lib/theme';
import { routeTree } from './routeTree.gen';

startTheme();

const queryClient = makeQueryClient(() => {
  queryClient.setQueryData(['me'], null);
  void router.invalidate();
});

const router = createRouter({
  basepath: BASE || '/',
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  // Loaders only warm the query cache; how fresh its data is, is the query client's to say.
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: PageSkeleton,
  // A part that could not be fetched is not asked for again as long as the page lives.
  defaultErrorComponent: ({ error, reset }) => (
    <ErrorState heading="h1" error={error} onRetry={isMissingPart(error) ? () => window.location.reload() : reset} />
  ),
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    /** Where the pages of conversations before this one begin. */
    conversationTrail?: string[];
  }
  interface StaticDataRouteOption {
    /** The page's name in the trail at the top. */
    crumb?: string;
    /** Pages above it in the trail. */
    parents?: { label: string; to: '/datasets' | '/training/jobs' | '/models' | '/admin/users' }[];
  }
}

// The server has been given another version since this page came up, and no longer has the parts of this one.
window.addEventListener('vite:preloadError', () => void reloadIfOutdated());

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
