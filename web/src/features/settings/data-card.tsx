import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { DownloadIcon, Trash2Icon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { cancelDeletion, EXPORT_URL } from '@/api/account';
import { meQuery } from '@/api/auth';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/lib/errors';
import { dateTime } from '@/lib/format';
import { saveUrl } from '@/lib/save';
import { toast } from '@/lib/toast';

const DeleteAccountDialog = lazy(() => import('./delete-account-dialog'));

/** What one can take along, and how one leaves. */
export function DataCard() {
  const [leaving, setLeaving] = useState(false);
  const client = useQueryClient();
  const { data: user } = useQuery(meQuery);
  const stay = useMutation({
    mutationFn: cancelDeletion,
    onSuccess: (saved) => {
      client.setQueryData(meQuery.queryKey, saved);
      toast.success('Your account stays');
    },
    onError: (error) => toast.error(messageOf(error)),
  });
  if (!user) return null;
  const ends = user.deletionScheduledFor;
  return (
    <Section title="Your Data" about="Take it along, or leave for good">
      <div className="space-y-6">
        <Row
          title="Export"
          text="One ZIP with your account, data sets and their files, jobs, models, costs and notifications. It is made while it downloads."
          action={
            <Button variant="outline" onClick={() => saveUrl('brightrun-export.zip', EXPORT_URL)}>
              <DownloadIcon aria-hidden className="mr-2" />
              Export My Data
            </Button>
          }
        />
        {ends ? (
          <Row
            title="Your account is to be deleted"
            text={`It goes with all its data on ${dateTime(ends)}. Until then you can keep it.`}
            alarm
            action={
              <Button disabled={stay.isPending} onClick={() => stay.mutate()}>
                Keep My Account
              </Button>
            }
          />
        ) : (
          <Row
            title="Delete account"
            text="Your account goes with all its data after 30 days. Log in before that to keep it."
            action={
              <Button variant="destructive" onClick={() => setLeaving(true)}>
                <Trash2Icon aria-hidden className="mr-2" />
                Delete Account
              </Button>
            }
          />
        )}
      </div>
      {leaving && (
        <Suspense>
          <DeleteAccountDialog email={user.email} onClose={() => setLeaving(false)} />
        </Suspense>
      )}
    </Section>
  );
}

function Row(props: { title: string; text: string; action: React.ReactNode; alarm?: boolean }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-4">
      <div className="min-w-0 max-w-2xl">
        <h3 className={props.alarm ? 'text-sm font-medium text-red-600' : 'text-sm font-medium'}>{props.title}</h3>
        <p className="text-sm text-muted-foreground">{props.text}</p>
      </div>
      {props.action}
    </div>
  );
}
