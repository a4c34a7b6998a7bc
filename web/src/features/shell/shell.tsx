import { Outlet } from '@tanstack/react-router';
import { useState } from 'react';
import { Sheet, SheetContent } from '@/components/ui/sheet';
import { DeletionNotice } from './deletion-notice';
import { Header } from './header';
import { Sidebar } from './sidebar';

/** The frame around every page: the page itself scrolls inside `main`, the body never does. */
export function Shell() {
  const [menuOpen, setMenuOpen] = useState(false);
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
      <Sheet open={menuOpen} onOpenChange={setMenuOpen}>
        <SheetContent title="Menu">
          <Sidebar onNavigate={() => setMenuOpen(false)} />
        </SheetContent>
      </Sheet>
      <div className="flex min-w-0 flex-1 flex-col">
        <Header onMenu={() => setMenuOpen(true)} />
        <DeletionNotice />
        <main id="main" tabIndex={-1} data-scroll-restoration-id="main" className="flex-1 overflow-y-auto outline-none">
          <Outlet />
        </main>
      </div>
    </div>
  );
}
