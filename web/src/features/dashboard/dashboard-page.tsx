import { PageHeader } from '@/components/page-header';

export function DashboardPage() {
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Dashboard" subtitle="Overview of your LoRA training pipeline" />
    </div>
  );
}
