import { ArrowUpNarrowWideIcon, FunnelIcon } from 'lucide-react';
import { useCallback } from 'react';
import { SearchBox } from '@/components/search-box';
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
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { type DatasetsSearch, FORMATS, filterCount, READINESS, SHOWN, SORTS } from './search';

interface FilterBarProps {
  search: DatasetsSearch;
  onChange: (patch: Partial<DatasetsSearch>) => void;
  onClear: () => void;
}

export function FilterBar({ search, onChange, onClear }: FilterBarProps) {
  const find = useCallback((text: string) => onChange({ search: text }), [onChange]);
  return (
    <div className="flex flex-col gap-3 sm:flex-row">
      <SearchBox
        label="Search datasets"
        placeholder="Search by name, consultant or vertical..."
        value={search.search}
        onChange={find}
      />
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

function FilterMenu({ search, onChange, onClear }: FilterBarProps) {
  const count = filterCount(search);
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="outline">
          <FunnelIcon aria-hidden className="mr-2" />
          Filters
          {count > 0 && (
            <span className="ml-2 flex size-5 items-center justify-center rounded-full bg-primary text-xs text-primary-foreground">
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
        <DropdownMenuSeparator />
        <DropdownMenuLabel className="text-xs font-normal text-muted-foreground">Shown</DropdownMenuLabel>
        <DropdownMenuRadioGroup
          value={search.deleted ? 'deleted' : 'current'}
          onValueChange={(value) => onChange({ deleted: value === 'deleted' })}
        >
          {SHOWN.map(({ value, label }) => (
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
