import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { meQuery } from '@/api/auth';
import { dateTime } from '@/lib/format';

/** Tells on every page that the account is to go, and where that is called off. */
export function DeletionNotice() {
  const { data: user } = useQuery(meQuery);
  if (!user?.deletionScheduledFor) return null;
  return (
    <p className="border-b border-red-200 bg-red-50 px-6 py-2 text-sm text-red-800">
      Your account is deleted with all its data on {dateTime(user.deletionScheduledFor)}.{' '}
      <Link to="/settings" className="font-medium underline underline-offset-4">
        Keep it
      </Link>
    </p>
  );
}
