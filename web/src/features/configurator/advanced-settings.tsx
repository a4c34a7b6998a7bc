import { ChevronDownIcon } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { Catalogue } from '@/api/types';
import { Collapsible, CollapsibleContent, CollapsibleTrigger } from '@/components/ui/collapsible';
import { Skeleton } from '@/components/ui/skeleton';
import { cn } from '@/lib/utils';
import type { Config } from './config';

const AdvancedFields = lazy(() => import('./advanced-fields'));

export function AdvancedSettings({
  config,
  catalogue,
  open,
  onOpen,
  onChange,
}: {
  config: Config;
  catalogue: Catalogue;
  open: boolean;
  onOpen: (open: boolean) => void;
  onChange: (patch: Partial<Config>) => void;
}) {
  return (
    <Collapsible open={open} onOpenChange={onOpen} className="rounded-lg border">
      <h2>
        <CollapsibleTrigger className="flex w-full items-center justify-between gap-4 rounded-lg p-4 text-left outline-none focus-visible:ring-[3px] focus-visible:ring-ring/50">
          <span>
            <span className="block text-lg font-semibold">Advanced Settings</span>
            <span className="block text-sm font-normal text-muted-foreground">
              Fine-tune hyperparameters and the machine
            </span>
          </span>
          <ChevronDownIcon aria-hidden className={cn('size-5 transition-transform', open && 'rotate-180')} />
        </CollapsibleTrigger>
      </h2>
      <CollapsibleContent className="space-y-6 p-4 pt-0">
        <Suspense fallback={<Skeleton className="h-96 rounded-xl" />}>
          <AdvancedFields config={config} catalogue={catalogue} onChange={onChange} />
        </Suspense>
      </CollapsibleContent>
    </Collapsible>
  );
}
