import { BudgetCard } from '../budget-card';
import { UsageCard } from '../usage-card';

export default function BillingPanel() {
  return (
    <>
      <BudgetCard />
      <UsageCard />
    </>
  );
}
