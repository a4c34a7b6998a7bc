import { useMutation } from '@tanstack/react-query';
import { type AdminUser, createResetLink } from '@/api/admin';
import { Secret } from '@/components/secret';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { messageOf } from '@/lib/errors';
import { dateTime } from '@/lib/format';
import { linkOf } from '../link-of';

/** Makes a link with which somebody chooses a new password, for whoever cannot be sent a mail. */
export default function ResetLinkDialog({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const make = useMutation({ mutationFn: () => createResetLink(user.id) });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>Password Reset Link</DialogTitle>
          <DialogDescription>
            {make.isSuccess
              ? `Hand it to ${user.name}. It works once, until ${dateTime(make.data.expiresAt)}.`
              : `With it ${user.name} chooses a new password, and all sessions of the account end.`}
          </DialogDescription>
        </DialogHeader>
        {make.isSuccess && <Secret label="Link" value={linkOf(make.data, '/reset-password')} />}
        {make.isError && (
          <p role="alert" className="text-sm text-red-600">
            {messageOf(make.error)}
          </p>
        )}
        <DialogFooter>
          {make.isSuccess ? (
            <Button onClick={onClose}>Done</Button>
          ) : (
            <>
              <Button variant="outline" onClick={onClose}>
                Cancel
              </Button>
              <Button disabled={make.isPending} onClick={() => make.mutate()}>
                Make the Link
              </Button>
            </>
          )}
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
