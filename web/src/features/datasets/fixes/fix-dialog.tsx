import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { WrenchIcon } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { applyFixes, fixPreviewQuery } from '@/api/datasets';
import type { DatasetDetail, DatasetFix } from '@/api/types';
import { ErrorState } from '@/components/error-state';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/checkbox';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { Input } from '@/components/ui/input';
import { Skeleton } from '@/components/ui/skeleton';
import { ApiError, messageOf } from '@/lib/errors';
import { randomKey } from '@/lib/random';
import { toast } from '@/lib/toast';
import { FIXES, offered } from './names';
import { Preview } from './preview';

/** What fixes would do to a data set, and the new version that they make. Which are chosen is in the address. */
export default function FixDialog({
  dataset,
  fixes,
  onFixes,
  onClose,
}: {
  dataset: DatasetDetail;
  fixes: DatasetFix[];
  onFixes: (fixes: DatasetFix[]) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState('');
  const navigate = useNavigate();
  const client = useQueryClient();
  // A request whose answer got lost can be repeated without a second version.
  const key = useRef(randomKey());
  const preview = useQuery(fixPreviewQuery(dataset.id, fixes));
  const make = useMutation({
    mutationFn: () => applyFixes(dataset.id, { fixes, ...(name.trim() && { name: name.trim() }) }, key.current),
    onSuccess: (id) => {
      toast.success('A new version is being made', { description: 'It is checked as any file is.' });
      void client.invalidateQueries({ queryKey: ['datasets'] });
      void navigate({ to: '/datasets/$id', params: { id }, search: (old) => ({ ...old, fix: undefined }) });
    },
    onError: (error) => {
      if (error instanceof ApiError) key.current = randomKey();
    },
  });
  const change = (next: DatasetFix[]) => {
    key.current = randomKey();
    make.reset();
    onFixes(next);
  };
  const idle = preview.data?.figures.byFix.every(({ count }) => count === 0);
  return (
    <Dialog open onOpenChange={(open) => !open && !make.isPending && onClose()}>
      <DialogContent className="sm:max-w-4xl">
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <WrenchIcon aria-hidden className="size-5 shrink-0 text-blue-600" />
            Mend Dataset
          </DialogTitle>
          <DialogDescription className="break-words">
            “{dataset.name}” stays as it is; the fixes make a new version of it.
          </DialogDescription>
        </DialogHeader>
        <FixChoice offers={offered(dataset.findings)} chosen={fixes} onChange={change} />
        {preview.error ? (
          <ErrorState className="py-6" error={preview.error} onRetry={() => void preview.refetch()} />
        ) : preview.data ? (
          <Preview preview={preview.data} />
        ) : (
          <output className="block space-y-3">
            <span className="text-sm text-muted-foreground">Looking at the file...</span>
            <Skeleton className="h-20 w-full" />
            <Skeleton className="h-32 w-full" />
          </output>
        )}
        <FormField
          label="Name of the new version"
          hint="Empty: the name that it has now, with the version's number"
          error={make.isError ? messageOf(make.error) : undefined}
        >
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={200}
              value={name}
              onChange={(event) => {
                key.current = randomKey();
                setName(event.target.value);
              }}
            />
          )}
        </FormField>
        <DialogFooter>
          <Button variant="outline" disabled={make.isPending} onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={!preview.data || idle || make.isPending || make.isSuccess} onClick={() => make.mutate()}>
            <WrenchIcon aria-hidden className="mr-2" />
            {make.isPending ? 'Making...' : 'Make New Version'}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

/** All fixes that the findings offer, and any that the address names beside them. The last one cannot be taken off. */
function FixChoice({
  offers,
  chosen,
  onChange,
}: {
  offers: DatasetFix[];
  chosen: DatasetFix[];
  onChange: (fixes: DatasetFix[]) => void;
}) {
  const id = useId();
  const shown = [...offers, ...chosen.filter((fix) => !offers.includes(fix))];
  return (
    <fieldset className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
      <legend className="mb-2 text-sm font-medium">Fixes</legend>
      {shown.map((fix) => {
        const on = chosen.includes(fix);
        return (
          <label key={fix} htmlFor={`${id}-${fix}`} className="flex items-start gap-2 text-sm">
            <Checkbox
              id={`${id}-${fix}`}
              className="mt-0.5"
              checked={on}
              disabled={on && chosen.length === 1}
              onCheckedChange={(checked) =>
                onChange(shown.filter((other) => (other === fix ? checked === true : chosen.includes(other))))
              }
            />
            <span>
              {FIXES[fix].label}
              <span className="block text-xs text-muted-foreground">{FIXES[fix].about}</span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
