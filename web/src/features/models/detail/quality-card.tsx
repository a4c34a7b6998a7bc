import { TrendingDownIcon, TrendingUpIcon } from 'lucide-react';
import type { QualityMetrics } from '@/api/types';
import { Help } from '@/components/help';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { decimal, percent } from '@/lib/format';
import { cn } from '@/lib/utils';
import { type Band, improvement, lossBand, perplexityBand, type Rating, rating } from '../quality';
import { EvaluationTable } from './evaluation-table';
import { Stars } from './stars';

const LOSS_MEANING: Record<Band['label'], string> = {
  Excellent: 'held-out answers are almost predicted',
  Good: 'held-out answers are well predicted',
  Fair: 'much of the held-out answers surprises the model',
  Poor: 'most of the held-out answers surprises the model',
};
const PERPLEXITY_MEANING: Record<Band['label'], string> = {
  Excellent: 'hardly ever in doubt about the next token',
  Good: 'seldom in doubt about the next token',
  Fair: 'often in doubt about the next token',
  Poor: 'mostly in doubt about the next token',
};

export function QualityCard({ metrics }: { metrics: QualityMetrics }) {
  const { finalTrainingLoss, finalValidationLoss, perplexity } = metrics;
  const stars = rating(metrics);
  return (
    <Card className="gap-4 p-6">
      <h2 className="text-lg font-semibold">Quality Metrics</h2>
      {stars && <Rated rating={stars} />}
      {finalValidationLoss !== undefined && (
        <Figure
          label="Validation Loss"
          help="The mean loss, in nats a token, on conversations that were held out of the training. Lower is better."
          value={decimal(finalValidationLoss, 4)}
          band={lossBand(finalValidationLoss)}
          meaning={LOSS_MEANING}
        />
      )}
      {perplexity !== undefined && (
        <Figure
          label="Perplexity"
          help="e to the power of the validation loss: among how many tokens the model wavers on average. 1 is perfect."
          value={decimal(perplexity, 2)}
          band={perplexityBand(perplexity)}
          meaning={PERPLEXITY_MEANING}
        />
      )}
      {finalValidationLoss === undefined && (
        <p className="rounded-lg bg-muted p-4 text-sm text-muted-foreground">
          Nothing was held out for validation
          {finalTrainingLoss !== undefined && `; the final training loss is ${decimal(finalTrainingLoss, 4)}`}.
        </p>
      )}
      <Improvement metrics={metrics} />
      {metrics.evaluation && <EvaluationTable evaluation={metrics.evaluation} />}
    </Card>
  );
}

function Rated({ rating: { stars, label, description, colour } }: { rating: Rating }) {
  return (
    <div className="rounded-lg bg-muted p-4">
      <div className="flex items-center justify-between gap-2">
        <Stars stars={stars} />
        <Badge variant="outline" className={cn('bg-background', colour)}>
          {label}
        </Badge>
      </div>
      <p className="mt-2 text-sm text-muted-foreground">{description}</p>
    </div>
  );
}

function Figure(props: {
  label: string;
  help: string;
  value: string;
  band: Band;
  meaning: Record<Band['label'], string>;
}) {
  return (
    <div className="rounded-lg border p-4">
      <div className="flex items-center justify-between gap-2">
        <span className="flex items-center gap-1.5 text-sm">
          {props.label}
          <Help about={props.label}>{props.help}</Help>
        </span>
        <Badge variant="outline" className={props.band.look}>
          {props.band.label}
        </Badge>
      </div>
      <p className="mt-1 text-3xl font-bold">{props.value}</p>
      <p className="text-xs text-muted-foreground">
        {props.band.label} - {props.meaning[props.band.label]}
      </p>
    </div>
  );
}

function Improvement({ metrics }: { metrics: QualityMetrics }) {
  const change = improvement(metrics);
  if (!change) return null;
  const better = change.percent >= 0;
  const Icon = better ? TrendingDownIcon : TrendingUpIcon;
  return (
    <div
      className={cn(
        'rounded-lg border p-4 text-sm',
        better ? 'border-green-200 bg-green-50 text-green-900' : 'border-yellow-200 bg-yellow-50 text-yellow-900',
      )}
    >
      <p className="flex items-center gap-2 font-medium">
        <Icon aria-hidden className="size-4" />
        Training Improvement
      </p>
      <p className="mt-1">
        Started at <strong>{decimal(change.from, 4)}</strong>, ended at <strong>{decimal(change.to, 4)}</strong> (
        {percent(Math.abs(change.percent))} {better ? 'improvement' : 'regression'})
      </p>
    </div>
  );
}
