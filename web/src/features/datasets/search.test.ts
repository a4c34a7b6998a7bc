import { expect, it } from 'vitest';
import { defaultSearch, filterCount, listQuery, parseSearch as parse } from './search';

const parseSearch = (raw: object) => parse(raw as Parameters<typeof parse>[0]);

it('reads what it knows and drops the rest', () => {
  expect(parseSearch({})).toEqual(defaultSearch);
  expect(parseSearch({ trainingReady: true, format: 'brightrun-lora-v3', page: '3', sortBy: 'pairs-asc' })).toEqual({
    search: '',
    sortBy: 'pairs-asc',
    format: 'brightrun-lora-v3',
    trainingReady: 'true',
    deleted: false,
    page: 3,
  });
  expect(parseSearch({ trainingReady: 'perhaps', sortBy: 7, page: -1, search: 42 })).toEqual({
    ...defaultSearch,
    search: '42',
  });
});

it('asks the server only for what is chosen', () => {
  expect(listQuery(defaultSearch)).toEqual({ page: 1, pageSize: 24, sortBy: 'date-desc' });
  expect(listQuery({ ...defaultSearch, search: ' tax ', trainingReady: 'false' })).toMatchObject({
    search: 'tax',
    needsReview: 'true',
  });
  expect(listQuery({ ...defaultSearch, trainingReady: 'true' })).toMatchObject({ trainingReady: 'true' });
});

it('lists what was deleted when it is asked to', () => {
  const search = parseSearch({ deleted: true });
  expect(listQuery(search)).toMatchObject({ deleted: true });
  expect(filterCount(search)).toBe(1);
});

it('counts filters, and the sort order is none', () => {
  expect(filterCount({ ...defaultSearch, sortBy: 'name-asc' })).toBe(0);
  expect(filterCount({ ...defaultSearch, search: 'x', format: 'brightrun-lora-v4', trainingReady: 'true' })).toBe(3);
});
