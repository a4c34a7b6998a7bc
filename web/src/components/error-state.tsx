import { CircleAlertIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { cn } from '@/lib/utils';

/** What stands in place of something that could not be loaded. */
export function ErrorState({
  error,
  onRetry,
  title = 'This could not be loaded',
  heading: Heading = 'p',
  className,
}: {
  error: unknown;
  onRetry?: () => void;
  title?: string;
  /** `h1` where nothing else heads the page. */
  heading?: 'p' | 'h1';
  className?: string;
}) {
  return (
    <div role="alert" className={cn('flex flex-col items-center px-6 py-16 text-center', className)}>
      <CircleAlertIcon className="mb-4 size-12 text-red-600" aria-hidden />
      <Heading className="text-xl font-semibold">{title}</Heading>
      <p className="mt-2 max-w-lg text-muted-foreground">{messageOf(error)}</p>
      {onRetry && (
        <Button variant="outline" className="mt-6" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
