import { StarIcon } from 'lucide-react';
import { cn } from '@/lib/utils';

/** One to five stars. */
export function Stars({ stars, className = 'size-5' }: { stars: number; className?: string }) {
  return (
    <span role="img" aria-label={`${stars} of 5 stars`} className="flex gap-1">
      {[1, 2, 3, 4, 5].map((n) => (
        <StarIcon
          key={n}
          aria-hidden
          className={cn(className, n <= stars ? 'fill-yellow-400 text-yellow-400' : 'text-gray-400')}
        />
      ))}
    </span>
  );
}
