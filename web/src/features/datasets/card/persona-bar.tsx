import { percent, plural } from '@/lib/format';
import type { PersonaShare } from '../look';

/** How the pairs spread over the personas: a stacked bar with its legend. */
export function PersonaBar({ shares }: { shares: PersonaShare[] }) {
  const total = shares.reduce((sum, share) => sum + share.pairs, 0);
  if (total === 0) return null;
  const caption = (share: PersonaShare) =>
    `${share.name}: ${plural(share.pairs, 'pair')} (${percent((100 * share.pairs) / total, 1)})`;
  return (
    <div className="space-y-2">
      <p className="text-xs text-muted-foreground">Scaffolding Distribution</p>
      <div
        role="img"
        aria-label={shares.map(caption).join(', ')}
        className="flex h-4 w-full overflow-hidden rounded-full bg-muted"
      >
        {shares.map((share) => (
          <div
            key={share.key}
            title={caption(share)}
            style={{ width: `${(100 * share.pairs) / total}%`, backgroundColor: share.colour }}
          />
        ))}
      </div>
      <ul className="flex flex-wrap gap-x-3 gap-y-1 text-xs text-muted-foreground">
        {shares.slice(0, 4).map((share) => (
          <li key={share.key} className="flex items-center gap-2" title={share.name}>
            <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: share.colour }} />
            {share.name.split(/\s+/)[0]}
          </li>
        ))}
        {shares.length > 4 && <li>+{shares.length - 4}</li>}
      </ul>
    </div>
  );
}
