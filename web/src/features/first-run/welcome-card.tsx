import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { PlusIcon } from 'lucide-react';
import { meQuery } from '@/api/auth';
import { datasetsQuery } from '@/api/datasets';
import { Button } from '@/components/ui/button';
import { SampleButton } from './sample-button';

const STEPS = [
  {
    title: 'Bring conversations',
    text: 'Upload a JSON or JSONL file. Every line is checked, and whatever is wrong is named.',
  },
  { title: 'Choose how to train', text: 'Pick a preset and see the price and the time before anything starts.' },
  { title: 'Download the adapter', text: 'Watch the loss fall, then use the LoRA adapter with PEFT, vLLM or Ollama.' },
];

/** Greets whoever has no data set yet, and says what to do. */
export function WelcomeCard() {
  const { data: user } = useQuery(meQuery);
  const { data } = useQuery(datasetsQuery({ page: 1, pageSize: 1 }));
  if (data?.stats?.totalDatasets !== 0) return null;
  return (
    <section
      aria-labelledby="welcome-heading"
      className="space-y-6 rounded-xl border-2 border-blue-200 bg-gradient-to-r from-blue-50 to-purple-50 p-6"
    >
      <div>
        <h2 id="welcome-heading" className="text-xl font-semibold">
          Welcome{user ? `, ${user.name}` : ''}
        </h2>
        <p className="text-muted-foreground">
          From a file of conversations to a trained adapter in three steps. Nothing has been uploaded yet.
        </p>
      </div>
      <ol className="grid grid-cols-1 gap-4 md:grid-cols-3">
        {STEPS.map(({ title, text }, index) => (
          <li key={title} className="flex gap-3 rounded-lg border bg-card p-4">
            <span
              aria-hidden
              className="flex size-8 shrink-0 items-center justify-center rounded-full bg-solid-blue text-sm font-semibold text-white"
            >
              {index + 1}
            </span>
            <div>
              <h3 className="text-base font-semibold">{title}</h3>
              <p className="text-sm text-muted-foreground">{text}</p>
            </div>
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-2">
        <SampleButton />
        <Button asChild variant="outline">
          <Link to="/datasets" search={{ create: true }}>
            <PlusIcon aria-hidden className="mr-2" />
            Upload Your Own
          </Link>
        </Button>
      </div>
    </section>
  );
}
