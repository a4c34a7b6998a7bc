import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { CostsPage } from '@/features/costs/costs-page';
import { type CostsSearch, DEFAULTS, parseCostsSearch } from '@/features/costs/search';

export const Route = createFileRoute('/_app/costs')({
  staticData: { crumb: 'Costs' },
  validateSearch: (raw: Partial<CostsSearch> & SearchSchemaInput): CostsSearch => parseCostsSearch(raw),
  search: { middlewares: [stripSearchParams(DEFAULTS)] },
  component: CostsPage,
});
