import { SaveIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Catalogue } from '@/api/types';
import { PopoverOnDemand } from '@/components/popover-on-demand';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import type { Config } from './config';

const SavedPanel = lazy(() => import('./saved-panel'));

/** Keeps the present settings under a name, and brings kept ones back. */
export function SavedConfigurations(props: {
  config: Config;
  catalogue: Catalogue;
  onApply: (config: Config) => void;
}) {
  const [open, setOpen] = useState(false);
  const apply = (config: Config) => {
    props.onApply(config);
    setOpen(false);
  };
  const button = (
    <Button variant="outline">
      <SaveIcon aria-hidden className="mr-2" />
      Save Configuration
    </Button>
  );
  return (
    <PopoverOnDemand
      button={button}
      label="Saved configurations"
      className="w-80 space-y-4 p-4"
      open={open}
      onOpenChange={setOpen}
    >
      <Suspense fallback={<Skeleton className="h-32" />}>
        <SavedPanel {...props} onApply={apply} />
      </Suspense>
    </PopoverOnDemand>
  );
}
