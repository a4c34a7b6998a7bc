import { useMutation, useQueryClient } from '@tanstack/react-query';
import { TriangleAlertIcon } from 'lucide-react';
import { useId, useState } from 'react';
import { cancelJob } from '@/api/jobs';
import type { CancelReason, JobDetail } from '@/api/types';
import { Button } from '@/components/ui/button';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { RadioGroup, RadioGroupItem } from '@/components/ui/radio-group';
import { messageOf } from '@/lib/errors';
import { toast } from '@/lib/toast';
import { CancelFacts } from './cancel-facts';
import { CHOICES, REASONS } from './reasons';

export default function CancelDialog({ job, onClose }: { job: JobDetail; onClose: () => void }) {
  const [reason, setReason] = useState<CancelReason>();
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: (chosen: CancelReason) => cancelJob(job.id, chosen),
    onSuccess: (_, chosen) => {
      toast.error('Training Job Cancelled', { description: `Reason: ${REASONS[chosen]}` });
      onClose();
    },
    onError: (error) => toast.error('The job was not cancelled', { description: messageOf(error) }),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      void client.invalidateQueries({ queryKey: ['costs'] });
    },
  });
  return (
    <Dialog open onOpenChange={(open) => !open && !cancel.isPending && onClose()}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2">
            <TriangleAlertIcon aria-hidden className="size-5 text-red-600" />
            Cancel Training Job
          </DialogTitle>
          <DialogDescription>Do you want to stop this job? A cancelled job leaves no model behind.</DialogDescription>
        </DialogHeader>
        <CancelFacts job={job} />
        <fieldset>
          <legend className="mb-3 font-semibold">
            Reason for Cancellation <span className="text-red-600">*</span>
          </legend>
          <RadioGroup
            className="gap-3"
            aria-label="Reason for cancellation"
            value={reason ?? ''}
            onValueChange={(value) => setReason(CHOICES.find((choice) => choice === value))}
          >
            {CHOICES.map((choice) => (
              <Reason key={choice} value={choice} />
            ))}
          </RadioGroup>
        </fieldset>
        <DialogFooter>
          <Button variant="outline" disabled={cancel.isPending} onClick={onClose}>
            Keep Training
          </Button>
          <Button
            variant="destructive"
            disabled={!reason || cancel.isPending}
            onClick={() => reason && cancel.mutate(reason)}
          >
            {cancel.isPending ? (
              'Cancelling...'
            ) : (
              <>
                <TriangleAlertIcon aria-hidden className="mr-2" />
                Confirm Cancellation
              </>
            )}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function Reason({ value }: { value: CancelReason }) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className="flex cursor-pointer items-center gap-3 rounded-md border p-3 text-sm hover:bg-accent/50"
    >
      <RadioGroupItem id={id} value={value} />
      {REASONS[value]}
    </label>
  );
}
