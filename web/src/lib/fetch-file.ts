import { ApiError } from '@/lib/errors';

/** Fetches a file piece by piece, telling how much has come. Throws what fetch throws, and an error when the answer is no success. */
export async function fetchFile(
  url: string,
  { onProgress, signal }: { onProgress: (receivedBytes: number) => void; signal: AbortSignal },
): Promise<Blob> {
  const answer = await fetch(url, { signal });
  if (!answer.ok || !answer.body) throw new ApiError(answer.status, await answer.json().catch(() => null));
  const reader = answer.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    received += value.length;
    onProgress(received);
  }
}

/** SHA-256 in hex; nothing where the browser computes none (it wants https). */
export async function sha256(blob: Blob): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
