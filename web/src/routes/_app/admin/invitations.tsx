import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { InvitationsPage } from '@/features/admin/invitations/invitations-page';
import { pageFrom } from '@/features/admin/search';

export const Route = createFileRoute('/_app/admin/invitations')({
  staticData: { crumb: 'Invitations', parents: [{ label: 'Administration', to: '/admin/users' }] },
  validateSearch: (raw: { page?: number } & SearchSchemaInput): { page: number } => ({ page: pageFrom(raw.page) }),
  search: { middlewares: [stripSearchParams({ page: 1 })] },
  component: InvitationsPage,
});
