import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { meQuery } from '@/api/auth';
import { OnDemand } from '@/components/popover-on-demand';
import { Button } from '@/components/ui/button';
import { initials } from '@/lib/format';
import { usePart } from '@/lib/use-part';

const loadItems = () => import('./user-menu-items');

export function UserMenu() {
  const [open, setOpen] = useState(false);
  const [part, want] = usePart(loadItems);
  const { data: user } = useQuery(meQuery);
  if (!user) return null;
  const button = (
    <Button
      variant="ghost"
      size="icon"
      className="rounded-full"
      aria-label={`Account of ${user.name}, ${initials(user.name)}`}
    >
      <span
        aria-hidden
        className="flex size-8 items-center justify-center rounded-full bg-primary text-sm text-primary-foreground"
      >
        {initials(user.name)}
      </span>
    </Button>
  );
  if (!part) return <OnDemand button={button} opens="menu" want={want} onOpen={() => setOpen(true)} />;
  return <part.default button={button} open={open} onOpenChange={setOpen} />;
}
