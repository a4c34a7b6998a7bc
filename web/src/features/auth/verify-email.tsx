import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { verifyEmail } from '@/api/account';
import { meQuery } from '@/api/auth';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { messageOf } from '@/lib/errors';
import { tokenOf } from './link';
import { Notice } from './notice';

/** Confirms an address by a link that was sent. It takes a click, so that a program that only opens links does not use it up. */
export function VerifyEmail() {
  const token = tokenOf(useLocation({ select: (location) => location.hash }));
  const client = useQueryClient();
  const confirm = useMutation({
    mutationFn: verifyEmail,
    onSuccess: () => client.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  if (!token) {
    return (
      <Notice title="This link is not complete" to="/" action="Go to BrightRun">
        Open the link as it stands in the mail, with everything after the number sign.
      </Notice>
    );
  }
  if (confirm.isSuccess) {
    return (
      <Notice title="Your address is confirmed" to="/" action="Go to BrightRun">
        Mails to you go there from now on.
      </Notice>
    );
  }
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">Confirm your e-mail address</CardTitle>
        <CardDescription className="text-sm">One click, and BrightRun knows that the address is yours.</CardDescription>
      </CardHeader>
      <CardContent className="space-y-4">
        {confirm.isError && (
          <p role="alert" className="text-sm text-red-600">
            {messageOf(confirm.error)}
          </p>
        )}
        <Button className="w-full" disabled={confirm.isPending} onClick={() => confirm.mutate(token)}>
          {confirm.isPending ? 'Confirming...' : 'Confirm the address'}
        </Button>
      </CardContent>
    </Card>
  );
}
