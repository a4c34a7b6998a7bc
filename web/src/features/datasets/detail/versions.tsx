import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { GitBranchIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { datasetQuery } from '@/api/datasets';
import type { DatasetDetail, DatasetFix } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { isNotFound } from '@/lib/errors';
import { dateTime, integer } from '@/lib/format';
import { fixLabel } from '../fixes/names';

/** What a data set was made from, and what was made from it; nothing where it stands alone. */
export function Versions({ dataset }: { dataset: DatasetDetail }) {
  const { parentId, appliedFixes, fixFigures, version, children } = dataset;
  if (!parentId && children.length === 0) return null;
  return (
    <section aria-labelledby="versions" className="space-y-2">
      <h3 id="versions" className="flex items-center gap-2 font-semibold">
        <GitBranchIcon aria-hidden className="size-4" />
        Versions
      </h3>
      <ol className="space-y-2">
        {parentId && <Parent id={parentId} />}
        <Row label={`Version ${version}`} current fixes={appliedFixes ?? []}>
          <span className="font-medium break-words">{dataset.name}</span>
          {fixFigures && (
            <span className="block text-xs text-muted-foreground">
              {integer(fixFigures.changed)} records changed, {integer(fixFigures.dropped)} left out; trainable examples{' '}
              {integer(fixFigures.examplesBefore)} → {integer(fixFigures.examplesAfter)}
            </span>
          )}
        </Row>
        {children.map((child) => (
          <Row key={child.id} label={`Version ${child.version}`} fixes={child.fixes}>
            <To id={child.id}>{child.name}</To>
            {child.madeAt && <span className="block text-xs text-muted-foreground">made {dateTime(child.madeAt)}</span>}
          </Row>
        ))}
      </ol>
    </section>
  );
}

function Parent({ id }: { id: string }) {
  const { data, error } = useQuery(datasetQuery(id));
  return (
    <Row label="Made from" fixes={[]}>
      {data ? (
        <To id={id}>{data.name}</To>
      ) : (
        <span className="text-muted-foreground">
          {error
            ? isNotFound(error)
              ? 'a dataset that has been deleted since'
              : 'a dataset that cannot be loaded now'
            : '...'}
        </span>
      )}
    </Row>
  );
}

function To({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link
      to="/datasets/$id"
      params={{ id }}
      search={(old) => ({ ...old, show: undefined })}
      className="font-medium break-words text-blue-600 hover:underline"
    >
      {children}
    </Link>
  );
}

function Row({
  label,
  current = false,
  fixes,
  children,
}: {
  label: string;
  current?: boolean;
  fixes: DatasetFix[];
  children: ReactNode;
}) {
  return (
    <li className="rounded-md border p-3 text-sm">
      <p className="mb-1 flex flex-wrap items-center gap-2 text-xs text-muted-foreground">
        {label}
        {current && <Badge variant="secondary">This one</Badge>}
        {fixes.map((fix) => (
          <Badge key={fix} variant="outline">
            {fixLabel(fix)}
          </Badge>
        ))}
      </p>
      {children}
    </li>
  );
}
