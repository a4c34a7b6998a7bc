import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { configurationsQuery, NAME_LENGTH, saveConfiguration } from '@/api/configurations';
import type { Catalogue } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { Skeleton } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/errors';
import { randomKey } from '@/lib/random';
import { toast } from '@/lib/toast';
import { type Config, problems } from './config';
import { settingsOf, usable } from './saved';
import { SavedRow } from './saved-row';

interface SavedPanelProps {
  config: Config;
  catalogue: Catalogue;
  onApply: (config: Config) => void;
}

/** Saves the present settings under a name, and brings saved ones back. */
export default function SavedPanel({ config, catalogue, onApply }: SavedPanelProps) {
  const { data, error, refetch } = useQuery(configurationsQuery);
  return (
    <>
      <SaveForm config={config} catalogue={catalogue} />
      {!data && error && <ErrorState className="border-t py-6" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-16" />}
      {data && data.length > 0 && (
        <ul aria-label="Saved" className="max-h-60 space-y-1 overflow-y-auto border-t pt-3">
          {data.map((saved) => (
            <SavedRow key={saved.id} saved={saved} onApply={() => onApply(usable(saved.settings, config, catalogue))} />
          ))}
        </ul>
      )}
      {data?.length === 0 && <p className="border-t pt-3 text-sm text-muted-foreground">Nothing saved yet.</p>}
    </>
  );
}

function SaveForm({ config, catalogue }: Pick<SavedPanelProps, 'config' | 'catalogue'>) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  // Sent again after a lost answer, it still saves one.
  const key = useRef(randomKey());
  const save = useMutation({
    mutationFn: () => saveConfiguration(name.trim(), settingsOf(config), key.current),
    onSuccess: () => {
      setName('');
      toast.success('Configuration saved', { description: 'It can be used for any dataset, from any browser.' });
      void client.invalidateQueries({ queryKey: configurationsQuery.queryKey });
    },
    onSettled: () => {
      key.current = randomKey();
    },
  });
  const [fault] = problems(config, catalogue.limits);
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !fault) save.mutate();
      }}
    >
      <FormField
        label="Name"
        hint={fault ? `Mend this first: ${fault}.` : 'Kept in your account, for later jobs.'}
        error={save.error ? messageOf(save.error) : undefined}
      >
        {(control) => (
          <Input
            {...control}
            maxLength={NAME_LENGTH}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              save.reset();
            }}
          />
        )}
      </FormField>
      <Button type="submit" size="sm" className="w-full" disabled={!name.trim() || Boolean(fault) || save.isPending}>
        {save.isPending ? 'Saving...' : 'Save'}
      </Button>
    </form>
  );
}
