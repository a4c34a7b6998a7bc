import { CircleHelpIcon } from 'lucide-react';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Tooltip, TooltipContent, TooltipTrigger } from '@/components/ui/tooltip';
import { cn } from '@/lib/utils';

/** A question mark that explains: on hover and focus as a tooltip, on touch as a small panel. */
export function Help({ about, children, className }: { about: string; children: string; className?: string }) {
  return (
    <Popover>
      <Tooltip>
        <TooltipTrigger asChild>
          <PopoverTrigger
            className="rounded-full text-muted-foreground outline-none focus-visible:ring-[3px] focus-visible:ring-ring/50"
            aria-label={`About ${about}`}
          >
            <CircleHelpIcon aria-hidden className={cn('size-3.5', className)} />
          </PopoverTrigger>
        </TooltipTrigger>
        <TooltipContent>{children}</TooltipContent>
      </Tooltip>
      <PopoverContent className="max-w-80 p-3 text-sm" align="center">
        {children}
      </PopoverContent>
    </Popover>
  );
}
