import { KeysCard } from '../keys-card';

export default function KeysPanel() {
  return <KeysCard />;
}
