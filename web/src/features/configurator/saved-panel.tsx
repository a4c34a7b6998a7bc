import { Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import type { Catalogue } from '@/api/types';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { date } from '@/lib/format';
import { toast } from '@/lib/toast';
import type { Config } from './config';
import { forgetConfig, saveConfig, savedConfigs, usable } from './saved';

/** Keeps the present settings under a name, and brings kept ones back. */
export default function SavedPanel({
  config,
  catalogue,
  onApply,
}: {
  config: Config;
  catalogue: Catalogue;
  onApply: (config: Config) => void;
}) {
  const [saved, setSaved] = useState(savedConfigs);
  const [name, setName] = useState('');
  const save = () => {
    try {
      setSaved(saveConfig(name.trim(), config, new Date()));
      setName('');
      toast.success('Configuration saved', { description: 'It is kept in this browser.' });
    } catch {
      toast.error('The configuration was not saved', { description: 'This browser keeps nothing for this page.' });
    }
  };
  return (
    <>
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save();
        }}
      >
        <FormField label="Name" hint="Kept in this browser, for later jobs.">
          {(control) => (
            <Input {...control} maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </FormField>
        <Button type="submit" size="sm" className="w-full" disabled={!name.trim()}>
          Save
        </Button>
      </form>
      {saved.length > 0 && (
        <ul className="max-h-60 space-y-1 overflow-y-auto border-t pt-3">
          {saved.map((kept) => (
            <li key={kept.name} className="flex items-center gap-1">
              <Button
                variant="ghost"
                size="sm"
                className="min-w-0 flex-1 justify-between"
                onClick={() => onApply(usable(kept.config, config, catalogue))}
              >
                <span className="truncate">{kept.name}</span>
                <span className="text-xs font-normal text-muted-foreground">{date(kept.at)}</span>
              </Button>
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Forget ${kept.name}`}
                onClick={() => setSaved(forgetConfig(kept.name))}
              >
                <Trash2Icon aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
