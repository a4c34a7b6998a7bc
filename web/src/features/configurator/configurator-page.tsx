export function ConfiguratorPage({ datasetId }: { datasetId: string | undefined }) {
  return <p>{datasetId}</p>;
}
