import {
  BanIcon,
  CircleCheckIcon,
  CircleXIcon,
  ClockIcon,
  LoaderCircleIcon,
  type LucideIcon,
  RocketIcon,
} from 'lucide-react';
import type { JobStatus } from '@/api/types';
import type { BadgeVariant } from '@/components/ui/badge';

interface StatusLook {
  label: string;
  icon: LucideIcon;
  colour: string;
  badge: BadgeVariant;
}

/** How each state of a job is shown. */
export const STATUS: Record<JobStatus, StatusLook> = {
  queued: { label: 'Queued', icon: ClockIcon, colour: 'text-amber-600', badge: 'secondary' },
  initializing: { label: 'Starting', icon: LoaderCircleIcon, colour: 'text-blue-600', badge: 'default' },
  running: { label: 'Training', icon: RocketIcon, colour: 'text-blue-600', badge: 'default' },
  completed: { label: 'Completed', icon: CircleCheckIcon, colour: 'text-green-600', badge: 'default' },
  failed: { label: 'Failed', icon: CircleXIcon, colour: 'text-red-600', badge: 'destructive' },
  cancelled: { label: 'Cancelled', icon: BanIcon, colour: 'text-muted-foreground', badge: 'secondary' },
};
