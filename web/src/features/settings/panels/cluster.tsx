import { HealthCard, MachinesCard } from '../cluster-card';
import { DefaultsCard } from '../defaults-card';

export default function ClusterPanel() {
  return (
    <>
      <HealthCard />
      <DefaultsCard />
      <MachinesCard />
    </>
  );
}
