import { getRouteApi, Link } from '@tanstack/react-router';
import { GitCompareArrowsIcon } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { FEWEST, idsOf, MOST } from '@/features/compare/search';
import { plural } from '@/lib/format';

const route = getRouteApi('/_app/training/jobs/');

/** The jobs that are marked for a comparison, on whatever tab they are. */
export function PickBar() {
  const picked = idsOf(route.useSearch().pick);
  const navigate = route.useNavigate();
  if (picked.length === 0) return null;
  return (
    <section
      aria-label="Comparison"
      className="flex flex-wrap items-center justify-between gap-3 rounded-lg border bg-muted px-4 py-2"
    >
      <p aria-live="polite" className="text-sm">
        {plural(picked.length, 'job')} marked
        {picked.length < FEWEST && '; mark one more to compare'}
        {picked.length === MOST && ', as many as can be compared'}
      </p>
      <div className="flex gap-2">
        <Button
          variant="ghost"
          size="sm"
          onClick={() => void navigate({ search: (old) => ({ ...old, pick: undefined }), replace: true })}
        >
          Clear
        </Button>
        {picked.length >= FEWEST && (
          <Button asChild size="sm">
            <Link to="/training/compare" search={{ jobs: picked.join(',') }}>
              <GitCompareArrowsIcon aria-hidden className="mr-2" />
              Compare
            </Link>
          </Button>
        )}
      </div>
    </section>
  );
}
