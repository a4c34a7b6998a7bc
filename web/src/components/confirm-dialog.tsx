import { type LucideIcon, TriangleAlertIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { cn } from '@/lib/utils';

const TONES = {
  danger: { icon: 'text-red-600', action: 'bg-destructive text-white hover:bg-destructive/90' },
  caution: { icon: 'text-amber-600', action: 'bg-solid-amber text-white hover:bg-solid-amber-strong' },
} as const;

/** Asks before something that cannot be taken back, or not easily. */
export function ConfirmDialog({
  title,
  children,
  details,
  action,
  icon: Icon = TriangleAlertIcon,
  actionIcon: ActionIcon,
  tone = 'danger',
  ready = true,
  busy,
  onConfirm,
  onClose,
}: {
  title: string;
  /** What follows from it, in a sentence. */
  children: ReactNode;
  /** What else has to be known, or typed, before. */
  details?: ReactNode;
  action: string;
  icon?: LucideIcon;
  actionIcon?: LucideIcon;
  tone?: keyof typeof TONES;
  /** Whether what has to be typed is. */
  ready?: boolean;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <Icon aria-hidden className={cn('size-5 shrink-0', TONES[tone].icon)} />
            {title}
          </DialogTitle>
          <DialogDescription className="break-words">{children}</DialogDescription>
        </DialogHeader>
        <form
          className="contents"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready && !busy) onConfirm();
          }}
        >
          {details}
          <DialogFooter>
            <Button variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" className={TONES[tone].action} disabled={!ready || busy}>
              {ActionIcon && <ActionIcon aria-hidden className="mr-2" />}
              {action}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** What follows from a deletion, point by point. */
export function Consequences({ title, points }: { title: string; points: string[] }) {
  return (
    <div className="flex gap-3 rounded-lg border border-red-200 bg-red-50 p-4 text-red-800">
      <TriangleAlertIcon aria-hidden className="mt-0.5 size-5 shrink-0 text-red-600" />
      <div className="min-w-0">
        <p className="text-sm font-semibold">{title}</p>
        <ul className="mt-1 space-y-1 text-xs">
          {points.map((point) => (
            <li key={point}>• {point}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}
