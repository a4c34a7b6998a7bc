import { useMutation, useQueryClient } from '@tanstack/react-query';
import { settingsQuery, updateSettings } from '@/api/settings';
import { fieldOf, messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';

/** Saves a part of the settings. What is wrong with `field` is the form's to show; the rest is told at once. */
export function useSaveSettings(said: string, field?: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: updateSettings,
    onSuccess: (saved) => {
      client.setQueryData(settingsQuery.queryKey, saved);
      toast.success(said);
      void client.invalidateQueries({ queryKey: ['costs'] });
    },
    onError: (error) => {
      if (field === undefined || fieldOf(error) !== field) toast.error(messageOf(error));
    },
  });
}
