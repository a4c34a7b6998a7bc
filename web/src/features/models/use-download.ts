import { useMutation } from '@tanstack/react-query';
import { downloadLink } from '@/api/models';
import type { ArtifactKind } from '@/api/types';
import { messageOf } from '@/lib/errors';
import { saveUrl } from '@/lib/save';
import { toast } from '@/lib/toast';

/** Asks for a signed address and hands it to the browser, which streams the file to disk. */
export function useDownload(modelId: string) {
  return useMutation({
    mutationFn: (artifact: ArtifactKind) => downloadLink(modelId, artifact),
    onSuccess: ({ downloadUrl, fileName }) => saveUrl(fileName, downloadUrl),
    onError: (error) => toast.error('The download did not start', { description: messageOf(error) }),
  });
}
