import { DataCard } from '../data-card';
import { ProfileCard } from '../profile-card';

export default function ProfilePanel() {
  return (
    <>
      <ProfileCard />
      <DataCard />
    </>
  );
}
