import { integer, plural } from '@/lib/format';

interface Listed {
  datasets: unknown[];
  /** How many the filters let through, on all pages. */
  total: number;
  stats?: { totalDatasets: number } | undefined;
}

/** How many of the data sets are shown: `Showing 2 of 6 datasets`. Of those that were deleted, only those that match are counted. */
export function shown({ datasets, total, stats }: Listed, deleted: boolean): string {
  const all = deleted ? total : (stats?.totalDatasets ?? total);
  const of = plural(all, deleted ? 'deleted dataset' : 'dataset');
  const matching = !deleted && total < all && datasets.length < total ? ` (${integer(total)} match)` : '';
  return `Showing ${integer(datasets.length)} of ${of}${matching}`;
}
