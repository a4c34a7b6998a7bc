import { CircleXIcon, InfoIcon, TriangleAlertIcon, WrenchIcon } from 'lucide-react';
import type { DatasetFix, Finding, FindingGroup } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Collapsible, CollapsibleContent, CollapsibleTrigger } from '@/components/ui/collapsible';
import { integer, words } from '@/lib/format';
import { cn } from '@/lib/utils';
import { fixLabel } from '../fixes/names';

const LOOKS = {
  error: { icon: CircleXIcon, label: 'Error', tint: 'border-red-200 bg-red-50', colour: 'text-red-700' },
  warning: {
    icon: TriangleAlertIcon,
    label: 'Warning',
    tint: 'border-yellow-200 bg-yellow-50',
    colour: 'text-yellow-700',
  },
  info: { icon: InfoIcon, label: 'Note', tint: 'border-blue-200 bg-blue-50', colour: 'text-blue-700' },
} as const;

const ORDER = ['error', 'warning', 'info'] as const;

/** What validation found, the worst first. */
export function Findings({
  groups,
  onFix,
}: {
  groups: FindingGroup[];
  /** Opens a fix; without it none is offered. */
  onFix?: (fix: DatasetFix) => void;
}) {
  if (groups.length === 0) return null;
  const sorted = ORDER.flatMap((severity) => groups.filter((group) => group.severity === severity));
  return (
    <section aria-label="Findings" className="space-y-3">
      {sorted.map((group) => (
        <Group key={`${group.severity}-${group.code}`} group={group} onFix={onFix} />
      ))}
    </section>
  );
}

function Group({ group, onFix }: { group: FindingGroup; onFix: ((fix: DatasetFix) => void) | undefined }) {
  const { icon: Icon, label, tint, colour } = LOOKS[group.severity];
  const [first, ...others] = group.findings;
  return (
    <Collapsible className={cn('rounded-lg border p-4', tint)}>
      <div className="flex items-start gap-3">
        <Icon aria-hidden className={cn('mt-0.5 size-5 shrink-0', colour)} />
        <div className="min-w-0 flex-1 space-y-2">
          <div className="flex flex-wrap items-center gap-2">
            <span className={cn('text-sm font-medium', colour)}>
              {label}: {group.title || words(group.code)}
            </span>
            {group.count > 1 && <Badge variant="outline">{integer(group.count)} times</Badge>}
          </div>
          {group.meaning && <p className="text-sm">{group.meaning}</p>}
          {first && <Entry finding={first} />}
          {others.length > 0 && (
            <>
              <CollapsibleContent className="max-h-60 space-y-3 overflow-y-auto border-t pt-2">
                {others.map((finding) => (
                  <Entry
                    key={`${finding.line}-${finding.column}-${finding.pointer}-${finding.message}`}
                    finding={finding}
                  />
                ))}
                {group.count > group.findings.length && (
                  <p className="text-xs text-muted-foreground">
                    The first {integer(group.findings.length)} of {integer(group.count)} are kept.
                  </p>
                )}
              </CollapsibleContent>
              <CollapsibleTrigger asChild>
                <Button variant="link" className="h-auto p-0 text-xs [[data-state=open]>&]:hidden">
                  Show {integer(others.length)} more
                </Button>
              </CollapsibleTrigger>
            </>
          )}
          {onFix && group.fixes.length > 0 && (
            <div className="flex flex-wrap gap-2">
              {group.fixes.map((fix) => (
                <Button key={fix} variant="outline" size="sm" onClick={() => onFix(fix)}>
                  <WrenchIcon aria-hidden className="mr-2" />
                  {fixLabel(fix)}
                </Button>
              ))}
            </div>
          )}
        </div>
      </div>
    </Collapsible>
  );
}

function Entry({ finding }: { finding: Finding }) {
  const place = [
    finding.line != null && `line ${integer(finding.line)}`,
    finding.column != null && `column ${integer(finding.column)}`,
  ].filter(Boolean);
  return (
    <div className="text-sm break-words">
      {(place.length > 0 || finding.pointer) && (
        <p className="text-xs text-muted-foreground">
          {place.join(', ')}
          {finding.pointer && <code className="ml-1 font-mono">{finding.pointer}</code>}
        </p>
      )}
      <p>{finding.message}</p>
      {finding.fix && <p className="text-muted-foreground">{finding.fix}</p>}
    </div>
  );
}
