import type { Model } from '@/api/types';
import { cn } from '@/lib/utils';

const LOOKS: Record<Model['status'], { label: string; look: string }> = {
  stored: { label: 'Stored', look: 'bg-gray-100 text-gray-700' },
  deployed: { label: 'Deployed', look: 'bg-green-100 text-green-800' },
  archived: { label: 'Archived', look: 'bg-amber-100 text-amber-800' },
};

export function ModelStatusBadge({ status }: { status: Model['status'] }) {
  const { label, look } = LOOKS[status];
  return <span className={cn('shrink-0 rounded-md px-2 py-0.5 text-xs font-medium', look)}>{label}</span>;
}
