import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CheckIcon, PencilIcon, Trash2Icon, XIcon } from 'lucide-react';
import { useState } from 'react';
import {
  type Configuration,
  configurationsQuery,
  deleteConfiguration,
  NAME_LENGTH,
  updateConfiguration,
} from '@/api/configurations';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { messageOf } from '@/lib/errors';
import { date } from '@/lib/format';
import { toast } from '@/lib/toast';

/** A saved configuration: to use, to rename, to delete. */
export function SavedRow({ saved, onApply }: { saved: Configuration; onApply: () => void }) {
  const [renaming, setRenaming] = useState(false);
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: configurationsQuery.queryKey });
  const remove = useMutation({
    mutationFn: () => deleteConfiguration(saved.id),
    onSuccess: () => toast.success('Configuration deleted', { description: saved.name }),
    onError: (error) => toast.error('The configuration was not deleted', { description: messageOf(error) }),
    onSettled,
  });
  const rename = useMutation({
    mutationFn: (name: string) => updateConfiguration(saved.id, { name }),
    onSuccess: () => setRenaming(false),
    onError: (error) => toast.error('The configuration was not renamed', { description: messageOf(error) }),
    onSettled,
  });
  if (renaming) {
    return (
      <Rename
        name={saved.name}
        busy={rename.isPending}
        onRename={(name) => (name === saved.name ? setRenaming(false) : rename.mutate(name))}
        onLeave={() => setRenaming(false)}
      />
    );
  }
  return (
    <li className="flex items-center gap-1">
      <Button variant="ghost" size="sm" className="min-w-0 flex-1 justify-between" onClick={onApply}>
        <span className="truncate">{saved.name}</span>
        <span className="text-xs font-normal text-muted-foreground">{date(saved.updatedAt)}</span>
      </Button>
      <Button variant="ghost" size="icon" aria-label={`Rename ${saved.name}`} onClick={() => setRenaming(true)}>
        <PencilIcon aria-hidden />
      </Button>
      <Button
        variant="ghost"
        size="icon"
        aria-label={`Delete ${saved.name}`}
        disabled={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2Icon aria-hidden />
      </Button>
    </li>
  );
}

function Rename(props: { name: string; busy: boolean; onRename: (name: string) => void; onLeave: () => void }) {
  const [name, setName] = useState(props.name);
  return (
    <li>
      <form
        className="flex items-center gap-1"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) props.onRename(name.trim());
        }}
      >
        <Input
          aria-label={`New name of ${props.name}`}
          className="h-8 flex-1"
          maxLength={NAME_LENGTH}
          value={name}
          autoFocus
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" variant="ghost" size="icon" aria-label="Rename" disabled={props.busy || !name.trim()}>
          <CheckIcon aria-hidden />
        </Button>
        <Button variant="ghost" size="icon" aria-label="Keep the name" onClick={props.onLeave}>
          <XIcon aria-hidden />
        </Button>
      </form>
    </li>
  );
}
