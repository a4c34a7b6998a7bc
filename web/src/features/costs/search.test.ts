import { describe, expect, it } from 'vitest';
import { parseCostsSearch, queryOf } from './search';

describe('the address of the costs', () => {
  it('keeps what it knows', () => {
    expect(parseCostsSearch({ by: 'week', range: 'custom', from: '2026-01-01', mine: true, page: 2 })).toEqual({
      by: 'week',
      range: 'custom',
      from: '2026-01-01',
      mine: true,
      page: 2,
    });
  });
  it('drops what it does not', () => {
    expect(parseCostsSearch({ by: 'hour', range: 7, from: '2026-02-31', mine: 'yes', job: 4, page: -1 })).toEqual({
      by: 'day',
      range: '30d',
      page: 1,
    });
  });
  it('asks for days in the reader’s time zone', () => {
    const query = queryOf(parseCostsSearch({ range: 'month', job: 'j' }), '2026-03-02');
    expect(query).toMatchObject({ groupBy: 'day', startDate: '2026-03-01', endDate: '2026-03-02', jobId: 'j' });
    expect(query.timezone).toBeTruthy();
    expect(query).not.toHaveProperty('scope');
  });
});
