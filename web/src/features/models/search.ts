import type { SearchSchemaInput } from '@tanstack/react-router';

export const SHOWN = [
  { value: 'all', label: 'All Models' },
  { value: 'stored', label: 'Stored Models' },
  { value: 'archived', label: 'Archived Models' },
  { value: 'deleted', label: 'Deleted Models' },
] as const;

/** What the address says about the list of models. */
export interface ModelsSearch {
  show: (typeof SHOWN)[number]['value'];
  page: number;
}

export const MODELS: ModelsSearch = { show: 'all', page: 1 };

export function parseModelsSearch(raw: { [K in keyof ModelsSearch]?: unknown } & SearchSchemaInput): ModelsSearch {
  return {
    show: SHOWN.find(({ value }) => value === raw.show)?.value ?? 'all',
    page: Number.isInteger(raw.page) && Number(raw.page) > 0 ? Number(raw.page) : 1,
  };
}

/** The request for one page of the list. */
export function modelsRequest({ show, page }: ModelsSearch) {
  const which = show === 'deleted' ? { deleted: true } : show === 'all' ? {} : { status: show };
  return { page, pageSize: 24, ...which };
}
