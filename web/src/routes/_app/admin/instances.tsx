import { createFileRoute } from '@tanstack/react-router';
import { InstancesPage } from '@/features/admin/instances/instances-page';

export const Route = createFileRoute('/_app/admin/instances')({
  staticData: { crumb: 'Instances', parents: [{ label: 'Administration', to: '/admin/users' }] },
  component: InstancesPage,
});
