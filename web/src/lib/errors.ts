/** What went wrong, as the page says it: the one place where an error becomes a message. */

import { bytes } from './format';

/** An answer of the API that is not a success. */
export class ApiError extends Error {
  readonly status: number;
  /** Stable code, such as `DATASET_NOT_FOUND`. */
  readonly code: string;
  /** The field of the request that is at fault, where one is. */
  readonly field: string | undefined;
  readonly details: unknown;
  /** Seconds after which a retry makes sense, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: unknown, retryAfter?: number) {
    const error = errorOf(body);
    super(error.message ?? `The server answered with status ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = error.code ?? `HTTP_${status}`;
    this.field = error.field ?? undefined;
    this.details = error.details;
    this.retryAfter = retryAfter;
  }
}

/** The server could not be reached, or the connection broke. */
export class NetworkError extends Error {
  constructor() {
    super('The server cannot be reached. Check that it is running and try again.');
    this.name = 'NetworkError';
  }
}

interface ErrorBody {
  code?: string;
  message?: string;
  field?: string | null;
  details?: unknown;
}

function errorOf(body: unknown): ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return {};
  const { error } = body;
  return typeof error === 'object' && error !== null ? error : {};
}

/** One or two sentences for the reader. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return apiMessage(error);
  if (error instanceof NetworkError) return error.message;
  // What fetch throws when there is no connection.
  if (error instanceof TypeError) return new NetworkError().message;
  if (error instanceof Error && error.message) return error.message;
  return 'Something went wrong. Try again.';
}

function apiMessage(error: ApiError): string {
  if (error.status === 429) {
    const wait = error.retryAfter ? `in ${error.retryAfter} s` : 'in a moment';
    return `Too many requests. Try again ${wait}.`;
  }
  if (error.status === 403) return error.message || 'Your role does not allow this.';
  if (error.code === 'STORAGE_QUOTA_EXCEEDED') return noRoom(error) ?? error.message;
  if (error.status >= 500) return `The server failed (${error.code}). Try again; its log says more.`;
  return error.message;
}

/** What takes the account's room, where the server says so. Its own message counts single bytes. */
function noRoom({ details }: ApiError): string | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const { used, limit, fileSize } = Object.fromEntries(Object.entries(details));
  if (![used, limit, fileSize].every(Number.isFinite)) return undefined;
  return `Your datasets hold ${bytes(used)} of ${bytes(limit)}. Delete some before you add ${bytes(fileSize)} more.`;
}

/** Whether the thing that was asked for does not exist (or belongs to somebody else). */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether nobody is signed in, or the session has ended. */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Whether the same request can succeed later without a change: worth an automatic retry. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 429;
  return error instanceof NetworkError || error instanceof TypeError;
}

/** The field at fault by its last name: `hyperparameters.loraRank` → `loraRank`. */
export function fieldOf(error: unknown): string | undefined {
  return error instanceof ApiError ? error.field?.split('.').at(-1) : undefined;
}
