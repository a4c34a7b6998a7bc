import { getRouteApi } from '@tanstack/react-router';
import { type ComponentType, lazy, Suspense, useEffect, useRef } from 'react';
import { PageHeader } from '@/components/page-header';
import { Skeleton } from '@/components/ui/skeleton';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { LOOKS } from './looks';
import { isTab, type SettingsTab, TABS } from './tabs';

const route = getRouteApi('/_app/settings');

/** Each tab's cards are loaded when it is opened. */
const PANELS: Record<SettingsTab, ComponentType> = {
  profile: lazy(() => import('./panels/profile')),
  security: lazy(() => import('./panels/security')),
  cluster: lazy(() => import('./panels/cluster')),
  keys: lazy(() => import('./panels/keys')),
  notifications: lazy(() => import('./panels/notifications')),
  billing: lazy(() => import('./panels/billing')),
  webhooks: lazy(() => import('./panels/webhooks')),
};

export function SettingsPage() {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const Panel = PANELS[tab];
  const row = useRef<HTMLDivElement>(null);
  // The tab that an address names may lie outside of a narrow screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change of the tab that matters
  useEffect(() => {
    row.current?.querySelector('[data-state=active]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [tab]);
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Settings" subtitle="Your account, and how your training pipeline works for you" />
      <Tabs
        value={tab}
        onValueChange={(next) => isTab(next) && void navigate({ search: { tab: next } })}
        className="gap-5"
      >
        {/* On a narrow screen the row of tabs scrolls, the page does not. */}
        <div ref={row} className="-mx-6 overflow-x-auto px-6 py-1">
          <TabsList aria-label="Settings">
            {TABS.map((name) => {
              const { label, icon: Icon } = LOOKS[name];
              return (
                <TabsTrigger key={name} value={name} className="px-3">
                  <Icon aria-hidden className="mr-1 size-4" />
                  {label}
                </TabsTrigger>
              );
            })}
          </TabsList>
        </div>
        <TabsContent value={tab} className="space-y-6">
          <Suspense fallback={<Skeleton className="h-80 rounded-xl" />}>
            <Panel />
          </Suspense>
        </TabsContent>
      </Tabs>
    </div>
  );
}
