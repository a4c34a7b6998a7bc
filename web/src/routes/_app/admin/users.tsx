import { createFileRoute, stripSearchParams } from '@tanstack/react-router';
import { parseUsersSearch, USERS } from '@/features/admin/search';
import { UsersPage } from '@/features/admin/users/users-page';

export const Route = createFileRoute('/_app/admin/users')({
  staticData: { crumb: 'Users', parents: [{ label: 'Administration', to: '/admin/users' }] },
  validateSearch: parseUsersSearch,
  search: { middlewares: [stripSearchParams(USERS)] },
  component: UsersPage,
});
