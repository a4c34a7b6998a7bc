import { describe, expect, it } from 'vitest';
import { ApiError, fieldOf, isNotFound, isTransient, isUnauthenticated, messageOf, NetworkError } from './errors';

const body = (code: string, message: string, field?: string) => ({ success: false, error: { code, message, field } });

describe('messageOf', () => {
  it('shows what the server says about the request', () => {
    expect(messageOf(new ApiError(422, body('VALIDATION_ERROR', 'loraRank is 0; it must be between 1 and 256.')))).toBe(
      'loraRank is 0; it must be between 1 and 256.',
    );
  });

  it('says how long to wait', () => {
    expect(messageOf(new ApiError(429, body('RATE_LIMITED', 'x'), 12))).toBe('Too many requests. Try again in 12 s.');
  });

  it('does not show the inside of the server', () => {
    expect(messageOf(new ApiError(500, body('INTERNAL_ERROR', 'secret detail')))).not.toContain('secret');
  });

  it('says what takes the room, in units that can be read', () => {
    const error = { code: 'STORAGE_QUOTA_EXCEEDED', message: 'in bytes' };
    const details = { used: 3 * 2 ** 30, limit: 4 * 2 ** 30, fileSize: 2 ** 31 };
    expect(messageOf(new ApiError(413, { error: { ...error, details } }))).toBe(
      'Your datasets hold 3.00 GB of 4.00 GB. Delete some before you add 2.00 GB more.',
    );
    expect(messageOf(new ApiError(413, { error }))).toBe('in bytes');
  });

  it('survives answers that are no envelope', () => {
    expect(messageOf(new ApiError(404, '<html>'))).toBe('The server answered with status 404.');
    expect(new ApiError(404, null).code).toBe('HTTP_404');
  });

  it('knows a broken connection', () => {
    expect(messageOf(new TypeError('Failed to fetch'))).toContain('cannot be reached');
  });

  it('has something to say about anything', () => expect(messageOf('odd')).toBe('Something went wrong. Try again.'));
});

it('classifies', () => {
  expect(isNotFound(new ApiError(404, {}))).toBe(true);
  expect(isUnauthenticated(new ApiError(401, {}))).toBe(true);
  expect(isTransient(new ApiError(503, {}))).toBe(true);
  expect(isTransient(new NetworkError())).toBe(true);
  expect(isTransient(new ApiError(422, {}))).toBe(false);
});

it('names the field at fault', () => {
  expect(fieldOf(new ApiError(422, body('VALIDATION_ERROR', 'x', 'hyperparameters.loraRank')))).toBe('loraRank');
  expect(fieldOf(new Error('x'))).toBeUndefined();
});
