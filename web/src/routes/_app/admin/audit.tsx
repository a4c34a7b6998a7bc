import { createFileRoute, stripSearchParams } from '@tanstack/react-router';
import { AuditPage } from '@/features/admin/audit/audit-page';
import { AUDIT, parseAuditSearch } from '@/features/admin/search';

export const Route = createFileRoute('/_app/admin/audit')({
  staticData: { crumb: 'Audit Log', parents: [{ label: 'Administration', to: '/admin/users' }] },
  validateSearch: parseAuditSearch,
  search: { middlewares: [stripSearchParams(AUDIT)] },
  component: AuditPage,
});
