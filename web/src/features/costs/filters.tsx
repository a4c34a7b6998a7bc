import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { meQuery } from '@/api/auth';
import { Checkbox } from '@/components/ui/checkbox';
import { Input } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { Tabs, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { type CostsSearch, seesAllCosts } from './search';
import { GROUPINGS, RANGES, type Range } from './span';

const LABELS: Record<Range, string> = {
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
  month: 'This month',
  year: 'This year',
  all: 'All time',
  custom: 'Chosen days',
};
const BY = { day: 'Day', week: 'Week', month: 'Month' } as const;

interface FiltersProps {
  search: CostsSearch;
  onChange: (patch: Partial<CostsSearch>) => void;
}

/** Which costs are shown, and in rows of which length. */
export function Filters({ search, onChange }: FiltersProps) {
  const id = useId();
  const { data: me } = useQuery(meQuery);
  const seesAll = seesAllCosts(me?.role) && !search.user;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Tabs value={search.by} onValueChange={(value) => onChange({ by: GROUPINGS.find((by) => by === value) })}>
        <TabsList aria-label="Length of a bar">
          {GROUPINGS.map((by) => (
            // The chart below is one and the same, so that no tab has a panel of its own.
            <TabsTrigger key={by} value={by} aria-controls={undefined} className="px-3">
              {BY[by]}
            </TabsTrigger>
          ))}
        </TabsList>
      </Tabs>
      <Select
        value={search.range}
        onValueChange={(value) => onChange({ range: RANGES.find((range) => range === value) })}
      >
        <SelectTrigger className="w-40" aria-label="Range">
          <SelectValue />
        </SelectTrigger>
        <SelectContent>
          {RANGES.map((range) => (
            <SelectItem key={range} value={range}>
              {LABELS[range]}
            </SelectItem>
          ))}
        </SelectContent>
      </Select>
      {search.range === 'custom' && <Days search={search} onChange={onChange} />}
      {seesAll && (
        <label htmlFor={id} className="flex items-center gap-2 text-sm">
          <Checkbox
            id={id}
            checked={search.mine === true}
            onCheckedChange={(checked) => onChange({ mine: checked === true ? true : undefined })}
          />
          Only mine
        </label>
      )}
    </div>
  );
}

function Days({ search, onChange }: FiltersProps) {
  return (
    <>
      <Input
        type="date"
        aria-label="First day"
        className="w-40"
        max={search.to}
        value={search.from ?? ''}
        onChange={(event) => onChange({ from: event.target.value || undefined })}
      />
      <Input
        type="date"
        aria-label="Last day"
        className="w-40"
        min={search.from}
        value={search.to ?? ''}
        onChange={(event) => onChange({ to: event.target.value || undefined })}
      />
    </>
  );
}
