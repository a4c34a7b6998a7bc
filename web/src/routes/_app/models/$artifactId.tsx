import { createFileRoute } from '@tanstack/react-router';
import { modelQuery } from '@/api/models';
import { ModelPage } from '@/features/models/model-page';

export const Route = createFileRoute('/_app/models/$artifactId')({
  staticData: { crumb: 'Model Artifacts', parents: [{ label: 'Models', to: '/models' }] },
  loader: async ({ context, params }) => {
    const model = await context.queryClient.ensureQueryData(modelQuery(params.artifactId)).catch(() => null);
    return { crumb: model?.name ?? 'Model Artifacts' };
  },
  component: () => {
    const { artifactId } = Route.useParams();
    return <ModelPage key={artifactId} id={artifactId} />;
  },
});
