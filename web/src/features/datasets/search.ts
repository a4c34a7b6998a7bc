import type { SearchSchemaInput } from '@tanstack/react-router';
import type { DatasetsQuery } from '@/api/datasets';
import type { DatasetSort } from '@/api/types';

/** What the address says about the list of data sets. */
export interface DatasetsSearch {
  search: string;
  sortBy: DatasetSort;
  format: 'all' | 'brightrun-lora-v4' | 'brightrun-lora-v3';
  trainingReady: 'all' | 'true' | 'false';
  /** Whether those that were deleted are listed instead. */
  deleted: boolean;
  page: number;
  /** Whether the upload dialog is open. */
  create?: true | undefined;
}

export const defaultSearch: DatasetsSearch = {
  search: '',
  sortBy: 'date-desc',
  format: 'all',
  trainingReady: 'all',
  deleted: false,
  page: 1,
};

export const SORTS: { value: DatasetSort; label: string }[] = [
  { value: 'date-desc', label: 'Newest First' },
  { value: 'date-asc', label: 'Oldest First' },
  { value: 'name-asc', label: 'Name (A-Z)' },
  { value: 'name-desc', label: 'Name (Z-A)' },
  { value: 'quality-desc', label: 'Highest Quality' },
  { value: 'quality-asc', label: 'Lowest Quality' },
  { value: 'pairs-desc', label: 'Most Pairs' },
  { value: 'pairs-asc', label: 'Fewest Pairs' },
];

export const FORMATS = [
  { value: 'all', label: 'All Formats' },
  { value: 'brightrun-lora-v4', label: 'v4 Only' },
  { value: 'brightrun-lora-v3', label: 'v3 Only (Legacy)' },
] as const;

export const READINESS = [
  { value: 'all', label: 'All Datasets' },
  { value: 'true', label: 'Ready Only' },
  { value: 'false', label: 'Needs Review' },
] as const;

export const SHOWN = [
  { value: 'current', label: 'Current' },
  { value: 'deleted', label: 'Deleted' },
] as const;

const PAGE_SIZE = 24;

function oneOf<T extends string>(value: unknown, options: readonly { value: T }[], otherwise: T): T {
  // A search value that looks like a boolean arrives as one.
  return options.find((option) => option.value === String(value))?.value ?? otherwise;
}

/** `raw` is whatever the address holds; the type is what links may give. */
export function parseSearch(raw: { [K in keyof DatasetsSearch]?: unknown } & SearchSchemaInput): DatasetsSearch {
  const page = Number(raw.page);
  return {
    search: typeof raw.search === 'string' || typeof raw.search === 'number' ? String(raw.search) : '',
    sortBy: oneOf(raw.sortBy, SORTS, defaultSearch.sortBy),
    format: oneOf(raw.format, FORMATS, 'all'),
    trainingReady: oneOf(raw.trainingReady, READINESS, 'all'),
    deleted: raw.deleted === true,
    page: Number.isInteger(page) && page > 0 ? page : 1,
    ...(raw.create === true && { create: true }),
  };
}

/** The request for one page of the list. */
export function listQuery({ search, sortBy, format, trainingReady, deleted, page }: DatasetsSearch): DatasetsQuery {
  return {
    page,
    pageSize: PAGE_SIZE,
    sortBy,
    ...(format !== 'all' && { format }),
    ...(trainingReady === 'true' && { trainingReady }),
    // As the cards say it: what can be trained on may still have points to review.
    ...(trainingReady === 'false' && { needsReview: 'true' }),
    ...(deleted && { deleted }),
    ...(search.trim() && { search: search.trim() }),
  };
}

/** How many filters are on. */
export function filterCount({ search, format, trainingReady, deleted }: DatasetsSearch): number {
  return Number(search !== '') + Number(format !== 'all') + Number(trainingReady !== 'all') + Number(deleted);
}
