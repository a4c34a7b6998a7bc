import { createFileRoute, Outlet, redirect } from '@tanstack/react-router';
import { entryOptionsQuery } from '@/api/account';
import { meQuery } from '@/api/auth';
import { AuthLayout } from '@/features/auth/auth-layout';

export const Route = createFileRoute('/_auth')({
  validateSearch: (search: Record<string, unknown>): { redirect?: string } =>
    typeof search.redirect === 'string' && /^\/(?!\/)/.test(search.redirect) ? { redirect: search.redirect } : {},
  beforeLoad: async ({ context, search }) => {
    if (await context.queryClient.ensureQueryData(meQuery)) throw redirect({ href: search.redirect ?? '/' });
  },
  // Without an answer the forms are shown as they are; what the server refuses, it says.
  loader: ({ context }) => context.queryClient.ensureQueryData(entryOptionsQuery).catch(() => null),
  component: () => (
    <AuthLayout>
      <Outlet />
    </AuthLayout>
  ),
});
