import { WebhooksCard } from '../webhooks-card';

export default function WebhooksPanel() {
  return <WebhooksCard />;
}
