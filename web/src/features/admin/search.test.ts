import { expect, it } from 'vitest';
import { AUDIT, auditRequest, parseAuditSearch, parseUsersSearch, USERS, usersRequest } from './search';

it('reads what it knows of an address and drops the rest', () => {
  expect(parseUsersSearch({} as never)).toEqual(USERS);
  expect(parseUsersSearch({ search: 42, role: 'root', tier: 'free', access: 'disabled', page: -3 } as never)).toEqual({
    search: '42',
    role: 'all',
    tier: 'free',
    access: 'disabled',
    page: 1,
  });
  expect(parseAuditSearch({ action: 'nothing', user: 'me', page: 'x' } as never)).toEqual(AUDIT);
});

it('asks for what differs from everything', () => {
  expect(usersRequest(USERS)).toEqual({ page: 1 });
  expect(usersRequest({ ...USERS, search: ' ada ', role: 'admin', access: 'enabled', page: 2 })).toEqual({
    page: 2,
    search: 'ada',
    role: 'admin',
    disabled: 'false',
  });
  const user = '01971b8e-7c00-7000-8000-000000000009';
  expect(auditRequest(parseAuditSearch({ action: 'login_failed', user, page: 3 } as never))).toEqual({
    page: 3,
    action: 'login_failed',
    userId: user,
  });
});
