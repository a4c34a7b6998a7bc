import { getRouteApi } from '@tanstack/react-router';
import { CircleCheckBigIcon, CircleXIcon, InfoIcon, WrenchIcon } from 'lucide-react';
import type { DatasetDetail, DatasetFix } from '@/api/types';
import { Button } from '@/components/ui/button';
import { bytes, dateTime, decimal, integer, percent, UNKNOWN } from '@/lib/format';
import { cn } from '@/lib/utils';
import { ReadinessStrip } from '../card/readiness-strip';
import { best, offered } from '../fixes/names';
import { type Check, checks } from './checks';
import { Findings } from './findings';
import { Versions } from './versions';

const route = getRouteApi('/_app/datasets/$id');

export function OverviewTab({ dataset }: { dataset: DatasetDetail }) {
  const navigate = route.useNavigate();
  const fix = (fixes: DatasetFix[]) => void navigate({ search: (old) => ({ ...old, fix: fixes.join(',') }) });
  const measured = dataset.status === 'ready';
  const fixable = measured || dataset.status === 'error';
  const offers = offered(dataset.findings);
  const quality = dataset.qualityScore;
  const tiles = [
    { label: 'Conversations', value: measured ? integer(dataset.totalConversations) : UNKNOWN },
    { label: 'Training Pairs', value: measured ? integer(dataset.totalTrainingPairs) : UNKNOWN },
    { label: 'Quality Score', value: quality != null ? `${decimal(quality, 1)}/5.0` : UNKNOWN },
    { label: 'File Size', value: bytes(dataset.fileSize) },
  ];
  return (
    <div className="space-y-6">
      <dl className="grid grid-cols-2 gap-4 md:grid-cols-4">
        {tiles.map(({ label, value }) => (
          <div key={label} className="rounded-lg bg-muted p-4">
            <dt className="text-sm text-muted-foreground">{label}</dt>
            <dd className="text-2xl font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      {measured ? (
        <section className="space-y-2">
          <h3 className="font-semibold">Training Readiness</h3>
          {checks(dataset).map((check) => (
            <CheckRow key={check.label} check={check} />
          ))}
        </section>
      ) : (
        <ReadinessStrip dataset={dataset} />
      )}
      {dataset.findings.length > 0 && (
        <div className="space-y-2">
          <div className="flex flex-wrap items-center justify-between gap-2">
            <h3 className="font-semibold">Findings</h3>
            {fixable && offers.length > 1 && (
              <Button variant="outline" size="sm" onClick={() => fix(best(dataset.findings))}>
                <WrenchIcon aria-hidden className="mr-2" />
                Mend All
              </Button>
            )}
          </div>
          <Findings groups={dataset.findings} {...(fixable && { onFix: (one: DatasetFix) => fix([one]) })} />
        </div>
      )}
      <Versions dataset={dataset} />
      {measured && <Figures dataset={dataset} />}
      <dl className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <div>
          <dt className="text-sm text-muted-foreground">Created</dt>
          <dd>{dateTime(dataset.createdAt)}</dd>
        </div>
        <div>
          <dt className="text-sm text-muted-foreground">Last Modified</dt>
          <dd>{dateTime(dataset.updatedAt)}</dd>
        </div>
      </dl>
    </div>
  );
}

function CheckRow({ check }: { check: Check }) {
  const Icon = { pass: CircleCheckBigIcon, fail: CircleXIcon, unknown: InfoIcon }[check.result];
  return (
    <div className="flex items-start gap-3 rounded-md bg-muted p-3">
      <Icon
        aria-label={{ pass: 'Passed', fail: 'Not met', unknown: 'Unknown' }[check.result]}
        className={cn(
          'mt-0.5 size-5 shrink-0',
          { pass: 'text-green-700', fail: 'text-red-600', unknown: 'text-muted-foreground' }[check.result],
        )}
      />
      <div>
        <p className="font-medium">{check.label}</p>
        <p className="text-sm text-muted-foreground">{check.detail}</p>
      </div>
    </div>
  );
}

function Figures({ dataset }: { dataset: DatasetDetail }) {
  const stats = dataset.fullStatistics;
  const rows = [
    ['Tokens', integer(dataset.totalTokens)],
    ['Turns per conversation', decimal(dataset.avgTurnsPerConversation, 1)],
    ['Tokens per turn', decimal(dataset.avgTokensPerTurn, 1)],
    ...(stats
      ? [
          ['Vocabulary', `${integer(stats.vocabularySize)} words`],
          ['Example length, median', `${integer(stats.lengthDistribution.median)} tokens`],
          ['Example length, 95 of 100', `${integer(stats.lengthDistribution.p95)} tokens`],
          ['Longest example', `${integer(stats.lengthDistribution.max)} tokens`],
        ]
      : []),
    ...(dataset.humanReviewedPercent != null ? [['Human reviewed', percent(dataset.humanReviewedPercent)]] : []),
  ];
  return (
    <section className="space-y-2">
      <h3 className="font-semibold">Statistics</h3>
      <dl className="grid grid-cols-1 gap-x-8 gap-y-1 text-sm sm:grid-cols-2">
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between gap-4 border-b py-1">
            <dt className="text-muted-foreground">{label}</dt>
            <dd className="font-medium">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
