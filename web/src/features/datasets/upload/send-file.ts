import type { DatasetUpload } from '@/api/types';
import { ApiError, NetworkError } from '@/lib/errors';

/** Headers that a browser sets by itself and refuses from a script. */
const FORBIDDEN = new Set(['content-length', 'host']);

/**
 * Puts a file where the ticket says. XMLHttpRequest, since fetch does not tell how much has been sent.
 *
 * @throws {ApiError} when the store refuses it, {NetworkError} when the connection breaks, an AbortError when `signal` aborts.
 */
export function sendFile(
  ticket: Pick<DatasetUpload, 'uploadMethod' | 'uploadUrl' | 'uploadHeaders'>,
  file: Blob,
  { onProgress, signal }: { onProgress: (sentBytes: number) => void; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(ticket.uploadMethod, ticket.uploadUrl);
    for (const [name, value] of Object.entries(ticket.uploadHeaders)) {
      if (!FORBIDDEN.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiError(request.status, parsed(request.responseText)));
    };
    request.onerror = () => reject(new NetworkError());
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
