import { Skeleton } from '@/components/ui/skeleton';

/** Stands in while a page's code is being fetched. */
export function PageSkeleton() {
  return (
    <output className="block space-y-6 p-6">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-9 w-64" />
      <Skeleton className="h-5 w-96 max-w-full" />
      <Skeleton className="h-48 w-full rounded-xl" />
    </output>
  );
}
