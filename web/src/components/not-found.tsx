import { Link } from '@tanstack/react-router';
import { CompassIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { EmptyState } from './empty-state';

export function NotFound() {
  return (
    <EmptyState
      heading="h1"
      icon={CompassIcon}
      title="There is no such page"
      action={
        <Button asChild variant="outline">
          <Link to="/">Go to the dashboard</Link>
        </Button>
      }
    >
      The address may be mistyped, or what it named has been deleted.
    </EmptyState>
  );
}
