import { Outlet } from '@tanstack/react-router';
import { PageHeader } from '@/components/page-header';

export function DatasetsPage() {
  return (
    <div className="space-y-6 p-6">
      <PageHeader large title="Datasets" subtitle="Your training data, validated and ready for LoRA fine-tuning" />
      <Outlet />
    </div>
  );
}
