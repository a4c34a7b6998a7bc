export function MonitorPage({ jobId }: { jobId: string }) {
  return <p>{jobId}</p>;
}
