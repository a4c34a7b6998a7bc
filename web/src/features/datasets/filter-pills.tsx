import { XIcon } from 'lucide-react';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { type DatasetsSearch, filterCount, READINESS } from './search';

/** The filters that are on, each with a way to take it off. */
export function FilterPills({
  search,
  onChange,
  onClear,
}: {
  search: DatasetsSearch;
  onChange: (patch: Partial<DatasetsSearch>) => void;
  onClear: () => void;
}) {
  if (filterCount(search) === 0) return null;
  const ready = READINESS.find(({ value }) => value === search.trainingReady);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-sm text-muted-foreground">Active filters:</span>
      {search.format !== 'all' && (
        <Pill label={`Format: ${search.format}`} onRemove={() => onChange({ format: 'all' })} />
      )}
      {ready && ready.value !== 'all' && (
        <Pill label={ready.label} onRemove={() => onChange({ trainingReady: 'all' })} />
      )}
      {search.deleted && <Pill label="Deleted" onRemove={() => onChange({ deleted: false })} />}
      {search.search && <Pill label={`Search: "${search.search}"`} onRemove={() => onChange({ search: '' })} />}
      <Button variant="ghost" className="h-6 px-2 text-xs" onClick={onClear}>
        Clear all
      </Button>
    </div>
  );
}

function Pill({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <Badge variant="secondary" className="max-w-full gap-2 py-1">
      <span className="truncate">{label}</span>
      <button type="button" aria-label={`Remove filter: ${label}`} onClick={onRemove}>
        <XIcon aria-hidden className="size-3.5" />
      </button>
    </Badge>
  );
}
