import { NotificationsCard } from '../notifications-card';
import { TimeZoneCard } from '../time-zone-card';

export default function NotificationsPanel() {
  return (
    <>
      <NotificationsCard />
      <TimeZoneCard />
    </>
  );
}
