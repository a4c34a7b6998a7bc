export function ModelsPage() {
  return <p>models</p>;
}
