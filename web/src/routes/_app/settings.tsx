import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { SettingsPage } from '@/features/settings/settings-page';
import { isTab, type SettingsTab } from '@/features/settings/tabs';

interface SettingsSearch {
  tab: SettingsTab;
  page: number;
}

export const Route = createFileRoute('/_app/settings')({
  staticData: { crumb: 'Settings' },
  validateSearch: (raw: { tab?: SettingsTab; page?: number } & SearchSchemaInput): SettingsSearch => ({
    tab: isTab(raw.tab) ? raw.tab : 'profile',
    // Of the list that the tab holds.
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
  }),
  search: { middlewares: [stripSearchParams({ tab: 'profile' as const, page: 1 })] },
  component: SettingsPage,
});
