import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { PageHeader } from '@/components/page-header';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { BudgetCard } from './budget-card';
import { HealthCard, MachinesCard } from './cluster-card';
import { DataCard } from './data-card';
import { DefaultsCard } from './defaults-card';
import { KeysCard } from './keys-card';
import { NotificationsCard } from './notifications-card';
import { PasswordCard } from './password-card';
import { ProfileCard } from './profile-card';
import { SessionsCard } from './sessions-card';
import { isTab, LOOKS, type SettingsTab, TABS } from './tabs';
import { TimeZoneCard } from './time-zone-card';
import { UsageCard } from './usage-card';
import { WebhooksCard } from './webhooks-card';

const route = getRouteApi('/_app/settings');

const CONTENT: Record<SettingsTab, ReactNode> = {
  profile: (
    <>
      <ProfileCard />
      <DataCard />
    </>
  ),
  security: (
    <>
      <PasswordCard />
      <SessionsCard />
    </>
  ),
  cluster: (
    <>
      <HealthCard />
      <DefaultsCard />
      <MachinesCard />
    </>
  ),
  keys: <KeysCard />,
  notifications: (
    <>
      <NotificationsCard />
      <TimeZoneCard />
    </>
  ),
  billing: (
    <>
      <BudgetCard />
      <UsageCard />
    </>
  ),
  webhooks: <WebhooksCard />,
};

export function SettingsPage() {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
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
        className="gap-6"
      >
        {/* On a narrow screen the row of tabs scrolls, the page does not. */}
        <div ref={row} className="-mx-6 overflow-x-auto px-6 py-1">
          <TabsList aria-label="Settings">
            {TABS.map((name) => {
              const { label, icon: Icon } = LOOKS[name];
              return (
                <TabsTrigger key={name} value={name} className="px-3">
                  <Icon aria-hidden className="size-4" />
                  {label}
                </TabsTrigger>
              );
            })}
          </TabsList>
        </div>
        <TabsContent value={tab} className="space-y-6">
          {CONTENT[tab]}
        </TabsContent>
      </Tabs>
    </div>
  );
}
