/** Has the browser save a text as a file. */
export function saveText(fileName: string, text: string, type: string): void {
  saveBlob(fileName, new Blob([text], { type }));
}

/** Has the browser save bytes as a file. */
export function saveBlob(fileName: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  saveUrl(fileName, url);
  // The download has taken hold of the blob by the next turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

/** Has the browser save what an address answers with, without leaving the page. */
export function saveUrl(fileName: string, url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName.replaceAll(/[/\\]/g, '-');
  document.body.append(link);
  link.click();
  link.remove();
}
