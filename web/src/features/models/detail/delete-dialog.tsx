import { Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import { ConfirmDialog, Consequences } from '@/components/confirm-dialog';
import { TypedName } from '@/components/typed-name';

export default function DeleteDialog({
  name,
  ...dialog
}: {
  name: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  return (
    <ConfirmDialog
      {...dialog}
      title="Delete Model"
      action="Delete Model"
      actionIcon={Trash2Icon}
      ready={typed === name}
      details={
        <>
          <Consequences
            title="What is deleted"
            points={[
              'Its files can no longer be downloaded, and go for good in 30 days',
              'Until then it can be restored from the deleted models',
              'The training job and its history stay',
              'After that it must be trained again',
            ]}
          />
          <TypedName
            what="the model name"
            name={name}
            placeholder="Enter model name"
            value={typed}
            onChange={setTyped}
          />
        </>
      }
    >
      The model is taken away now, and its files are removed from storage in 30 days.
    </ConfirmDialog>
  );
}
