import { createFileRoute } from '@tanstack/react-router';
import { modelQuery } from '@/api/models';
import { ModelPage } from '@/features/models/model-page';

export const Route = createFileRoute('/_app/models/$artifactId')({
  staticData: { crumb: 'Model Artifacts', parents: [{ label: 'Models', to: '/models' }] },
  validateSearch: (raw: Record<string, unknown>): { history?: true | undefined } =>
    raw.history === true ? { history: true } : {},
  loader: async ({ context, params }) => {
    const model = await context.queryClient.ensureQueryData(modelQuery(params.artifactId)).catch(() => null);
    return { crumb: model?.name ?? 'Model Artifacts' };
  },
  component: () => {
    const { artifactId } = Route.useParams();
    const { history = false } = Route.useSearch();
    return <ModelPage key={artifactId} id={artifactId} history={history} />;
  },
});
