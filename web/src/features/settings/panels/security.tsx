import { PasswordCard } from '../password-card';
import { SessionsCard } from '../sessions-card';

export default function SecurityPanel() {
  return (
    <>
      <PasswordCard />
      <SessionsCard />
    </>
  );
}
