import { ArrowUpNarrowWideIcon, FunnelIcon, SearchIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '@/components/ui/button';
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuLabel,
  DropdownMenuRadioGroup,
  DropdownMenuRadioItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from '@/components/ui/dropdown-menu';
import { Input } from '@/components/ui/input';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { type DatasetsSearch, FORMATS, filterCount, READINESS, SORTS } from './search';

interface FilterBarProps {
  search: DatasetsSearch;
  onChange: (patch: Partial<DatasetsSearch>) => void;
  onClear: () => void;
}

export function FilterBar({ search, onChange, onClear }: FilterBarProps) {
  return (
    <div className="flex flex-col gap-3 sm:flex-row">
      <SearchBox value={search.search} onChange={(text) => onChange({ search: text })} />
      <Select
        value={search.sortBy}
        onValueChange={(value) =>
          onChange({ sortBy: SORTS.find((sort) => sort.value === value)?.value ?? 'date-desc' })
        }
      >
        <SelectTrigger className="sm:w-48" aria-label="Sort by">
          <ArrowUpNarrowWideIcon aria-hidden className="opacity-60" />
          <SelectValue />
        </SelectTrigger>
        <SelectContent>
          {SORTS.map(({ value, label }) => (
            <SelectItem key={value} value={value}>
              {label}
            </SelectItem>
          ))}
        </SelectContent>
      </Select>
      <FilterMenu search={search} onChange={onChange} onClear={onClear} />
    </div>
  );
}

/** Searches as one types, a moment after the last key. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), 250);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="relative flex-1">
      <SearchIcon aria-hidden className="absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted-foreground" />
      <Input
        type="search"
        aria-label="Search datasets"
        placeholder="Search by name, consultant or vertical..."
        className="pl-10"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}

function FilterMenu({ search, onChange, onClear }: FilterBarProps) {
  const count = filterCount(search);
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="outline">
          <FunnelIcon aria-hidden />
          Filters
          {count > 0 && (
            <span className="flex size-5 items-center justify-center rounded-full bg-primary text-xs text-primary-foreground">
              <span className="sr-only">active: </span>
              {count}
            </span>
          )}
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent className="w-56">
        <DropdownMenuLabel>Filter Options</DropdownMenuLabel>
        <DropdownMenuSeparator />
        <DropdownMenuLabel className="text-xs font-normal text-muted-foreground">Format</DropdownMenuLabel>
        <DropdownMenuRadioGroup
          value={search.format}
          onValueChange={(value) => onChange({ format: FORMATS.find((f) => f.value === value)?.value ?? 'all' })}
        >
          {FORMATS.map(({ value, label }) => (
            <DropdownMenuRadioItem key={value} value={value}>
              {label}
            </DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        <DropdownMenuSeparator />
        <DropdownMenuLabel className="text-xs font-normal text-muted-foreground">Training Ready</DropdownMenuLabel>
        <DropdownMenuRadioGroup
          value={search.trainingReady}
          onValueChange={(value) =>
            onChange({ trainingReady: READINESS.find((r) => r.value === value)?.value ?? 'all' })
          }
        >
          {READINESS.map(({ value, label }) => (
            <DropdownMenuRadioItem key={value} value={value}>
              {label}
            </DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        {count > 0 && (
          <>
            <DropdownMenuSeparator />
            <DropdownMenuItem onSelect={onClear}>Clear All Filters</DropdownMenuItem>
          </>
        )}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
