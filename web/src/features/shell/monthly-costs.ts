interface Month {
  date: string;
  compute: number;
  storage: number;
  dataTransfer: number;
  total: number;
}

const NOTHING: Month = { date: '', compute: 0, storage: 0, dataTransfer: 0, total: 0 };

/**
 * This month's costs, and the change against the whole month before in percent; null where there was none to compare with.
 * `today` is an ISO date; rows are a month each.
 */
export function monthlyCosts(rows: Month[], today: string): { current: Month; change: number | null } {
  const month = today.slice(0, 7);
  const before = new Date(`${month}-01T00:00:00Z`);
  before.setUTCMonth(before.getUTCMonth() - 1);
  const current = rows.find((row) => row.date.startsWith(month)) ?? NOTHING;
  const previous = rows.find((row) => row.date.startsWith(before.toISOString().slice(0, 7)));
  const change = previous && previous.total > 0 ? (100 * (current.total - previous.total)) / previous.total : null;
  return { current, change };
}
