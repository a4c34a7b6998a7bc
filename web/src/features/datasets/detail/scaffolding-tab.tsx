import { LayersIcon } from 'lucide-react';
import type { DatasetDetail } from '@/api/types';
import { EmptyState } from '@/components/empty-state';
import { Badge } from '@/components/ui/badge';
import { plural, words } from '@/lib/format';
import { type PersonaShare, personas } from '../look';

export function ScaffoldingTab({ dataset }: { dataset: DatasetDetail }) {
  const shares = personas(dataset.scaffolding);
  const topics = dataset.fullStatistics?.topicDistribution ?? [];
  if (shares.length === 0 && topics.length === 0) {
    return (
      <EmptyState icon={LayersIcon} title="No scaffolding">
        The file names neither personas nor emotional arcs.
      </EmptyState>
    );
  }
  const arcs = new Set(dataset.scaffolding.map((cell) => cell.arc)).size;
  return (
    <div className="space-y-4">
      {shares.length > 0 && (
        <div>
          <h3 className="font-semibold">Distribution by Persona & Emotional Arc</h3>
          <p className="text-sm text-muted-foreground">
            How the trainable pairs spread over {plural(shares.length, 'persona')} and {plural(arcs, 'emotional arc')}
          </p>
        </div>
      )}
      {shares.map((share) => (
        <Persona key={share.key} share={share} />
      ))}
      {topics.length > 0 && (
        <section className="rounded-lg border p-4">
          <h3 className="mb-3 text-base font-semibold">Topics</h3>
          <Bars
            rows={topics.map(({ topic, count }) => ({ key: topic, pairs: count }))}
            total={topics.reduce((sum, { count }) => sum + count, 0)}
            colour="#6B7280"
          />
        </section>
      )}
    </div>
  );
}

function Persona({ share }: { share: PersonaShare }) {
  return (
    <section className="rounded-lg border p-4">
      <div className="mb-3 flex items-center justify-between gap-2">
        <h4 className="flex min-w-0 items-center gap-2 font-semibold">
          <span aria-hidden className="size-3 shrink-0 rounded-full" style={{ backgroundColor: share.colour }} />
          <span className="truncate">{share.name}</span>
        </h4>
        <Badge variant="outline">{plural(share.pairs, 'pair')}</Badge>
      </div>
      <Bars rows={share.arcs} total={share.pairs} colour={share.colour} />
    </section>
  );
}

function Bars({ rows, total, colour }: { rows: { key: string; pairs: number }[]; total: number; colour: string }) {
  return (
    <ul className="space-y-2">
      {rows.map((row) => (
        <li key={row.key} className="space-y-1 text-sm">
          <div className="flex justify-between gap-4">
            <span className="text-muted-foreground">{words(row.key)}</span>
            <span className="whitespace-nowrap">{plural(row.pairs, 'pair')}</span>
          </div>
          <div aria-hidden className="h-2 overflow-hidden rounded-full bg-muted">
            <div className="h-full" style={{ width: `${(100 * row.pairs) / total}%`, backgroundColor: colour }} />
          </div>
        </li>
      ))}
    </ul>
  );
}
