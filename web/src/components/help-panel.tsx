import { type ComponentProps, useEffect, useRef } from 'react';
import { Popover, PopoverContent, PopoverTrigger } from '@/components/ui/popover';
import { Tooltip, TooltipContent, TooltipTrigger } from '@/components/ui/tooltip';

interface HelpPanelProps {
  look: ComponentProps<'button'>;
  /** What the reader did to the button before it could explain anything. */
  by: 'hover' | 'focus' | 'press';
  text: string;
}

/** The question mark with its explanation. It takes the place of one that had none yet, and the focus if that had it. */
export function HelpPanel({ look, by, text }: HelpPanelProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (by !== 'hover') button.current?.focus();
  }, [by]);
  return (
    <Popover defaultOpen={by === 'press'}>
      <Tooltip defaultOpen={by === 'hover'}>
        <TooltipTrigger asChild>
          <PopoverTrigger ref={button} {...look} />
        </TooltipTrigger>
        <TooltipContent>{text}</TooltipContent>
      </Tooltip>
      <PopoverContent className="max-w-80 p-3 text-sm" align="center">
        {text}
      </PopoverContent>
    </Popover>
  );
}
