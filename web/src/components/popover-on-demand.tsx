import { Slot } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import { messageOf, NetworkError } from '@/lib/errors';
import { toast } from '@/lib/toast';
import { usePart } from '@/lib/use-part';

const loadPopover = () => import('@/components/ui/popover');

interface PopoverOnDemandProps {
  /** What opens it. */
  button: ReactElement;
  label: string;
  className: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}

/** A panel under a button. Its code comes when the reader is about to open it. */
export function PopoverOnDemand({ button, label, className, open, onOpenChange, children }: PopoverOnDemandProps) {
  const [popover, want] = usePart(loadPopover);
  if (!popover) return <OnDemand button={button} want={want} onOpen={() => onOpenChange(true)} />;
  const { Popover, PopoverContent, PopoverTrigger } = popover;
  return (
    <Popover open={open} onOpenChange={onOpenChange}>
      <PopoverTrigger asChild>{button}</PopoverTrigger>
      <PopoverContent className={className} aria-label={label}>
        {children}
      </PopoverContent>
    </Popover>
  );
}

/** A button that stands alone until what it opens has been loaded. */
export function OnDemand(props: {
  button: ReactElement;
  want: () => Promise<boolean>;
  onOpen: () => void;
  opens?: 'dialog' | 'menu';
}) {
  const open = async () => {
    if (await props.want()) props.onOpen();
    else toast.error(messageOf(new NetworkError()));
  };
  return (
    <Slot.Root aria-haspopup={props.opens ?? 'dialog'} aria-expanded={false} onClick={() => void open()}>
      {props.button}
    </Slot.Root>
  );
}
