import { SaveIcon } from 'lucide-react';
import { useState } from 'react';
import type { AccountSettings } from '@/api/types';
import { Section } from '@/components/section';
import { Button } from '@/components/ui/button';
import { Switch } from '@/components/ui/switch';
import { inOrder, kindOf } from './kinds';
import { CHANNELS, type Channel, changes } from './preferences';
import { useSaveSettings } from './use-save-settings';
import { WithSettings } from './with-settings';

export function NotificationsCard() {
  return (
    <Section title="Notification Preferences" about="What you are told, and through what">
      <WithSettings height="h-96">{(settings) => <Table settings={settings} />}</WithSettings>
    </Section>
  );
}

function Table({ settings }: { settings: AccountSettings }) {
  const [edited, setEdited] = useState(settings.notifications);
  const save = useSaveSettings('Preferences Saved');
  const differs = changes(settings.notifications, edited);
  const set = (type: string, channel: Channel, on: boolean) =>
    setEdited((old) => {
      const channels = old[type];
      return channels ? { ...old, [type]: { ...channels, [channel]: on } } : old;
    });
  return (
    <div className="space-y-4">
      <table className="w-full max-w-3xl text-sm">
        <thead>
          <tr>
            <th scope="col" className="pb-2 text-left font-medium">
              <span className="sr-only">Kind</span>
            </th>
            {CHANNELS.map(({ channel, label }) => (
              <th key={channel} scope="col" className="w-20 pb-2 text-center font-medium">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {inOrder(Object.keys(edited)).map((type) => {
            const { label, about } = kindOf(type);
            return (
              <tr key={type} className="border-t">
                <th scope="row" className="py-3 pr-2 text-left font-medium">
                  {label}
                  <span className="block font-normal text-muted-foreground max-sm:sr-only">{about}</span>
                </th>
                {CHANNELS.map(({ channel, by }) => (
                  <td key={channel} className="text-center">
                    <Switch
                      aria-label={`${label} ${by}`}
                      className="align-middle"
                      disabled={channel === 'mail' && !settings.mailAvailable}
                      checked={edited[type]?.[channel] ?? false}
                      onCheckedChange={(on) => set(type, channel, on)}
                    />
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {!settings.mailAvailable && (
        <p className="text-sm text-muted-foreground">
          This server is not set up to send mail; its administrator can change that.
        </p>
      )}
      <Button
        disabled={Object.keys(differs).length === 0 || save.isPending}
        onClick={() => save.mutate({ notifications: differs })}
      >
        <SaveIcon aria-hidden className="mr-2" />
        Save Preferences
      </Button>
    </div>
  );
}
