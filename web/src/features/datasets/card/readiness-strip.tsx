import { CircleCheckBigIcon, CircleXIcon, LoaderCircleIcon, TriangleAlertIcon, UploadIcon } from 'lucide-react';
import type { Dataset } from '@/api/types';
import { percent } from '@/lib/format';
import { cn } from '@/lib/utils';
import { type Readiness, readiness } from '../look';

const LOOKS: Record<Readiness, { icon: typeof UploadIcon; label: string; tint: string; spin?: true }> = {
  uploading: { icon: UploadIcon, label: 'Waiting for its file', tint: 'bg-muted text-muted-foreground border-border' },
  validating: {
    icon: LoaderCircleIcon,
    label: 'Validating...',
    tint: 'bg-blue-50 text-blue-700 border-blue-200',
    spin: true,
  },
  ready: {
    icon: CircleCheckBigIcon,
    label: 'Ready for Training',
    tint: 'bg-green-50 text-green-700 border-green-200',
  },
  review: {
    icon: TriangleAlertIcon,
    label: 'Review Recommended',
    tint: 'bg-yellow-50 text-yellow-700 border-yellow-200',
  },
  unusable: { icon: CircleXIcon, label: 'Cannot Be Used', tint: 'bg-red-50 text-red-700 border-red-200' },
};

const SHOWN = 3;

/** Says what a data set is good for, and why not for more. */
export function ReadinessStrip({ dataset }: { dataset: Dataset }) {
  const state = readiness(dataset);
  const { icon: Icon, label, tint, spin } = LOOKS[state];
  const issues = state === 'review' || state === 'unusable' ? dataset.readinessIssues : [];
  const reason = issues.length === 0 && state === 'unusable' ? dataset.errorMessage : null;
  const progress = state === 'validating' ? dataset.validationProgress : undefined;
  return (
    <div className={cn('rounded-md border px-3 py-2', tint)}>
      <p className="flex items-center gap-2 text-sm">
        <Icon aria-hidden className={cn('size-4 shrink-0', spin && 'animate-spin')} />
        {label}
        {progress !== undefined && ` ${percent(progress)}`}
      </p>
      {reason && <p className="mt-1 pl-6 text-xs break-words">{reason}</p>}
      {issues.length > 0 && (
        <ul className="mt-1 space-y-0.5 pl-6 text-xs">
          {issues.slice(0, SHOWN).map((issue) => (
            <li key={issue} className="line-clamp-2">
              • {issue}
            </li>
          ))}
          {issues.length > SHOWN && <li>• and {issues.length - SHOWN} more</li>}
        </ul>
      )}
    </div>
  );
}
