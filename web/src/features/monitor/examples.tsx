import { useQuery } from '@tanstack/react-query';
import { jobExampleQuery } from '@/api/examples';
import type { JobDetail } from '@/api/types';
import { ExampleView } from '../tokens/example-view';
import { useMonitorSearch } from './use-monitor-search';

/** The data set's examples as this job sees them. Which one is in the address. */
export default function Examples({ job, number }: { job: JobDetail; number: number }) {
  const [, change] = useMonitorSearch();
  const query = useQuery(jobExampleQuery(job.id, number));
  return <ExampleView number={number} query={query} onNumber={(example) => change({ example })} />;
}
