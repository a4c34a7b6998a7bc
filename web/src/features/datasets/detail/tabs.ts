/** The tabs of a data set, as the address names them. */
export const TABS = ['overview', 'scaffolding', 'conversations', 'examples', 'metadata'] as const;
export type DatasetTab = (typeof TABS)[number];
