export function ModelPage({ id }: { id: string }) {
  return <p>{id}</p>;
}
