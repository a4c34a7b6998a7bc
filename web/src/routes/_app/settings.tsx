import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { SettingsPage } from '@/features/settings/settings-page';
import { isTab, type SettingsTab } from '@/features/settings/tabs';

export const Route = createFileRoute('/_app/settings')({
  staticData: { crumb: 'Settings' },
  validateSearch: (raw: { tab?: SettingsTab } & SearchSchemaInput): { tab: SettingsTab } => ({
    tab: isTab(raw.tab) ? raw.tab : 'profile',
  }),
  search: { middlewares: [stripSearchParams({ tab: 'profile' as const })] },
  component: SettingsPage,
});
