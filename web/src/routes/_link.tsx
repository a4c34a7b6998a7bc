import { createFileRoute, Outlet } from '@tanstack/react-router';
import { AuthLayout } from '@/features/auth/auth-layout';

/** Where links of mails lead: for those who are signed in and those who are not. */
export const Route = createFileRoute('/_link')({
  component: () => (
    <AuthLayout>
      <Outlet />
    </AuthLayout>
  ),
});
