export function DatasetDialog({ id }: { id: string }) {
  return <p>{id}</p>;
}
