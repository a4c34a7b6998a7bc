import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { BrainIcon, DatabaseIcon, RocketIcon, TrendingUpIcon } from 'lucide-react';
import { activeJobsQuery } from '@/api/jobs';
import { PageHeader } from '@/components/page-header';
import { StatCard } from '@/components/stat-card';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { integer, percent, UNKNOWN } from '@/lib/format';
import { WelcomeCard } from '../first-run/welcome-card';
import { ActiveJobsCard } from './active-jobs-card';
import { ActivityCard } from './activity-card';
import { jobTotals } from './totals';

export function DashboardPage() {
  return (
    <div className="space-y-6 p-6">
      <PageHeader title="Dashboard" subtitle="Overview of your LoRA training pipeline" />
      <WelcomeCard />
      <Stats />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-2">
        <ActiveJobsCard />
        <ActivityCard />
      </div>
      <QuickActions />
    </div>
  );
}

function Stats() {
  const { data, isError } = useQuery(activeJobsQuery);
  const totals = data?.counts && jobTotals(data.counts);
  const value = (pick: (known: NonNullable<typeof totals>) => string) =>
    totals ? pick(totals) : isError || data ? UNKNOWN : undefined;
  return (
    <div className="grid grid-cols-1 gap-6 md:grid-cols-2 lg:grid-cols-4">
      <StatCard
        label="Active Training"
        value={value(({ active }) => integer(active))}
        foot={totals?.active ? 'Jobs in progress' : 'No active jobs'}
      />
      <StatCard label="Total Jobs" value={value(({ all }) => integer(all))} foot="All time training jobs" />
      <StatCard
        label="Success Rate"
        value={value(({ successRate }) => (successRate === undefined ? UNKNOWN : percent(successRate)))}
        foot={
          totals?.successRate ? (
            <span className="flex items-center gap-1 text-green-700">
              <TrendingUpIcon aria-hidden className="size-4" />
              Completed successfully
            </span>
          ) : (
            'Of the jobs that have ended'
          )
        }
      />
      <StatCard label="Models Trained" value={value(({ completed }) => integer(completed))} foot="Ready to download" />
    </div>
  );
}

function QuickActions() {
  return (
    <Card>
      <CardHeader>
        <CardTitle>Quick Actions</CardTitle>
        <CardDescription>Common tasks to get started</CardDescription>
      </CardHeader>
      <CardContent className="grid grid-cols-1 gap-4 sm:grid-cols-3">
        <Button asChild variant="outline" className="justify-start">
          <Link to="/datasets">
            <DatabaseIcon aria-hidden className="mr-2" />
            Manage Datasets
          </Link>
        </Button>
        <Button asChild variant="outline" className="justify-start">
          <Link to="/datasets" search={{ trainingReady: 'true' }}>
            <RocketIcon aria-hidden className="mr-2" />
            Start Training
          </Link>
        </Button>
        <Button asChild variant="outline" className="justify-start">
          <Link to="/models">
            <BrainIcon aria-hidden className="mr-2" />
            View Models
          </Link>
        </Button>
      </CardContent>
    </Card>
  );
}
