import { createFileRoute, type SearchSchemaInput, stripSearchParams } from '@tanstack/react-router';
import { ComparePage } from '@/features/compare/compare-page';
import { type CompareSearch, DEFAULTS, parseCompareSearch } from '@/features/compare/search';

export const Route = createFileRoute('/_app/training/compare')({
  staticData: { crumb: 'Compare Runs', parents: [{ label: 'Training Jobs', to: '/training/jobs' }] },
  validateSearch: (raw: Partial<CompareSearch> & SearchSchemaInput): CompareSearch => parseCompareSearch(raw),
  search: { middlewares: [stripSearchParams(DEFAULTS)] },
  component: ComparePage,
});
