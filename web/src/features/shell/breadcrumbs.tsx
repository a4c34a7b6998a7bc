import { Link, useMatches } from '@tanstack/react-router';
import { ChevronRightIcon } from 'lucide-react';

export function Breadcrumbs() {
  const here = useMatches().findLast((match) => match.staticData.crumb !== undefined);
  if (!here) return null;
  // A loader may know a better name than the route: that of the job or the model.
  const { loaderData } = here;
  const named =
    typeof loaderData === 'object' && loaderData !== null && 'crumb' in loaderData ? String(loaderData.crumb) : null;
  return (
    <nav aria-label="Breadcrumb" className="hidden min-w-0 sm:block">
      <ol className="flex items-center gap-2.5 text-sm text-muted-foreground">
        <li>
          <Link to="/" className="hover:text-foreground">
            Home
          </Link>
        </li>
        {here.staticData.parents?.map((parent) => (
          <Crumb key={parent.to}>
            <Link to={parent.to} className="hover:text-foreground">
              {parent.label}
            </Link>
          </Crumb>
        ))}
        <Crumb last>{named ?? here.staticData.crumb}</Crumb>
      </ol>
    </nav>
  );
}

function Crumb({ last = false, children }: { last?: boolean; children: React.ReactNode }) {
  return (
    <>
      <li aria-hidden>
        <ChevronRightIcon className="size-3.5" />
      </li>
      <li aria-current={last ? 'page' : undefined} className={last ? 'truncate text-foreground' : 'whitespace-nowrap'}>
        {children}
      </li>
    </>
  );
}
