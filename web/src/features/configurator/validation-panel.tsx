import { CircleCheckBigIcon, CircleXIcon, InfoIcon, TriangleAlertIcon } from 'lucide-react';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { cn } from '@/lib/utils';
import { type LaunchCheck, mayLaunch } from './checks';

const LOOKS = {
  complete: { icon: CircleCheckBigIcon, tint: 'border-green-200 bg-green-50', colour: 'text-green-700', word: 'Done' },
  warning: {
    icon: TriangleAlertIcon,
    tint: 'border-yellow-200 bg-yellow-50',
    colour: 'text-yellow-700',
    word: 'Warning',
  },
  incomplete: { icon: CircleXIcon, tint: 'border-red-200 bg-red-50', colour: 'text-red-700', word: 'Missing' },
} as const;

export default function ValidationPanel({ checks }: { checks: LaunchCheck[] }) {
  const ready = mayLaunch(checks);
  return (
    <Card className="gap-8 p-6">
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">Pre-Launch Validation</h2>
        <Badge variant={ready ? 'green' : 'secondary'}>{ready ? 'Ready to Launch' : 'Incomplete'}</Badge>
      </div>
      <ul className="space-y-3">
        {checks.map(({ key, label, detail, status }) => {
          const { icon: Icon, tint, colour, word } = LOOKS[status];
          return (
            <li key={key} className={cn('flex items-start gap-3 rounded-md border p-3', tint)}>
              <Icon aria-label={word} className={cn('mt-0.5 size-5 shrink-0', colour)} />
              <div className="min-w-0">
                <p className="text-sm font-medium">{label}</p>
                <p className="text-xs break-words text-muted-foreground">{detail}</p>
              </div>
            </li>
          );
        })}
      </ul>
      {checks.some(({ status }) => status === 'warning') && (
        <p className="flex items-start gap-2 rounded-md border border-yellow-200 bg-yellow-50 p-3 text-xs text-yellow-800">
          <InfoIcon aria-hidden className="size-4 shrink-0" />
          Some items want a second look. They do not forbid the launch.
        </p>
      )}
    </Card>
  );
}
