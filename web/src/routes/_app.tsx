import { createFileRoute, redirect } from '@tanstack/react-router';
import { meQuery } from '@/api/auth';
import { Shell } from '@/features/shell/shell';

export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context, location }) => {
    if (await context.queryClient.ensureQueryData(meQuery)) return;
    throw redirect({ to: '/login', search: location.href === '/' ? {} : { redirect: location.href } });
  },
  component: Shell,
});
