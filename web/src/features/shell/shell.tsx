import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { Connection } from '@/features/live/shared-stream';
import { messageOf, NetworkError } from '@/lib/errors';
import { toast } from '@/lib/toast';
import { usePart } from '@/lib/use-part';
import { DeletionNotice } from './deletion-notice';
import { Header } from './header';
import { Sidebar } from './sidebar';

const LiveUpdates = lazy(() => import('@/features/live/live-updates'));
const loadSheet = () => import('@/components/ui/sheet');

/** The frame around every page: the page itself scrolls inside `main`, the body never does. */
export function Shell() {
  const [connection, setConnection] = useState<Connection>('connecting');
  const [menuOpen, setMenuOpen] = useState(false);
  const [sheet, want] = usePart(loadSheet);
  const openMenu = async () => {
    if (await want()) setMenuOpen(true);
    else toast.error(messageOf(new NetworkError()));
  };
  return (
    <div className="flex h-dvh overflow-hidden">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:rounded-md focus:bg-background focus:p-3"
      >
        Skip to content
      </a>
      <aside className="hidden h-full border-r border-sidebar-border lg:block">
        <Sidebar />
      </aside>
      {sheet && (
        <sheet.Sheet open={menuOpen} onOpenChange={setMenuOpen}>
          <sheet.SheetContent title="Menu">
            <Sidebar onNavigate={() => setMenuOpen(false)} />
          </sheet.SheetContent>
        </sheet.Sheet>
      )}
      <Suspense>
        <LiveUpdates onConnection={setConnection} />
      </Suspense>
      <div className="flex min-w-0 flex-1 flex-col">
        <Header connection={connection} onMenu={() => void openMenu()} />
        <DeletionNotice />
        {/* In the order of the keys, since it is what scrolls. */}
        <main
          id="main"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by the keyboard
          tabIndex={0}
          data-scroll-restoration-id="main"
          className="flex-1 overflow-y-auto outline-none focus-visible:ring-[3px] focus-visible:ring-ring/50 focus-visible:ring-inset"
        >
          <Outlet />
        </main>
      </div>
    </div>
  );
}
