export function JobsPage() {
  return <p>jobs</p>;
}
