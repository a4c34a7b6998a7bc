import { CircleHelpIcon } from 'lucide-react';
import { useState } from 'react';
import { usePart } from '@/lib/use-part';
import { cn } from '@/lib/utils';

const loadPanel = () => import('./help-panel');

interface HelpProps {
  about: string;
  children: string;
  className?: string;
}

/** A question mark that explains: on hover and focus as a tooltip, on touch as a small panel. What shows it comes when it is approached. */
export function Help({ about, children, className }: HelpProps) {
  const [panel, want] = usePart(loadPanel);
  const [by, setBy] = useState<'hover' | 'focus' | 'press'>('hover');
  const approach = (how: typeof by) => {
    setBy(how);
    void want();
  };
  const look = {
    className: 'rounded-full text-muted-foreground outline-none focus-visible:ring-[3px] focus-visible:ring-ring/50',
    'aria-label': `About ${about}`,
    children: <CircleHelpIcon aria-hidden className={cn('size-3.5', className)} />,
  };
  if (panel) return <panel.HelpPanel look={look} by={by} text={children} />;
  return (
    <button
      type="button"
      {...look}
      onPointerEnter={() => approach('hover')}
      onFocus={() => approach('focus')}
      onClick={() => approach('press')}
    />
  );
}
