import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { RocketIcon } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { createJob } from '@/api/jobs';
import type { Catalogue, DatasetDetail, Estimate, EstimateRequest } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/checkbox';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from '@/components/ui/dialog';
import { celebrate } from '@/lib/confetti';
import { ApiError, messageOf } from '@/lib/errors';
import { randomKey } from '@/lib/random';
import { toast } from '@/lib/toast';
import type { Config } from './config';
import { LaunchSummary } from './launch-summary';

interface LaunchDialogProps {
  dataset: DatasetDetail;
  config: Config;
  custom: boolean;
  catalogue: Catalogue;
  request: EstimateRequest;
  estimate: Estimate;
  onClose: () => void;
}

export default function LaunchDialog({ request, onClose, ...about }: LaunchDialogProps) {
  const [agreed, setAgreed] = useState(false);
  const id = useId();
  const navigate = useNavigate();
  const client = useQueryClient();
  // A launch whose answer got lost can be repeated without a second job.
  const key = useRef(randomKey());
  const launch = useMutation({
    mutationFn: () => {
      const presetId = about.custom ? 'custom' : about.config.preset;
      const name = about.config.name.trim();
      return createJob({ ...request, presetId, ...(name && { name }) }, key.current);
    },
    onSuccess: ({ jobId }) => {
      void celebrate(100, 70);
      toast.success('Training Job Created!', { description: `Job ID: ${jobId}` });
      void client.invalidateQueries({ queryKey: ['jobs', 'list'] });
      void client.invalidateQueries({ queryKey: ['costs'] });
      void navigate({ to: '/training/jobs/$jobId', params: { jobId } });
    },
    onError: (error) => {
      if (error instanceof ApiError) key.current = randomKey();
      toast.error('Failed to start training job', { description: messageOf(error) });
    },
  });
  return (
    <Dialog open onOpenChange={(open) => !open && !launch.isPending && onClose()}>
      <DialogContent className="sm:max-w-2xl">
        <DialogHeader>
          <DialogTitle className="flex items-center gap-2 text-xl">
            <RocketIcon aria-hidden className="size-5 text-blue-600" />
            Confirm Training Launch
          </DialogTitle>
          <DialogDescription>Look it over once more before the job starts</DialogDescription>
        </DialogHeader>
        <LaunchSummary {...about} />
        <label
          htmlFor={id}
          className="flex cursor-pointer items-start gap-3 rounded-lg border-2 border-blue-200 bg-blue-50/50 p-4"
        >
          <Checkbox
            id={id}
            className="mt-0.5"
            checked={agreed}
            onCheckedChange={(checked) => setAgreed(checked === true)}
          />
          <span>
            <span className="block text-sm font-medium">
              I understand what this costs, and the budget for it is approved
            </span>
            <span className="mt-1 block text-xs text-muted-foreground">
              Charged is the GPU time that is really used
            </span>
          </span>
        </label>
        {launch.isError && (
          <p role="alert" className="text-sm text-red-600">
            {messageOf(launch.error)}
          </p>
        )}
        <DialogFooter>
          <Button variant="outline" disabled={launch.isPending} onClick={onClose}>
            Go Back
          </Button>
          <Button
            className="bg-solid-green text-white hover:bg-solid-green-strong"
            disabled={!agreed || launch.isPending || launch.isSuccess}
            onClick={() => launch.mutate()}
          >
            {launch.isPending || launch.isSuccess ? (
              <>
                <span aria-hidden className="animate-spin">
                  ⏳
                </span>
                Launching...
              </>
            ) : (
              <>
                <RocketIcon aria-hidden className="mr-2" />
                Confirm & Start Training
              </>
            )}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
