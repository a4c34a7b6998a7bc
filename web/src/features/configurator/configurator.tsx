import { Link, useNavigate } from '@tanstack/react-router';
import { RocketIcon, XIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Catalogue, DatasetDetail } from '@/api/types';
import { PageHeader } from '@/components/page-header';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { scientific } from '@/lib/format';
import { AdvancedSettings } from './advanced-settings';
import { launchChecks, mayLaunch } from './checks';
import { type Config, isCustom, type NamedPreset, presetValues, problems, requestOf } from './config';
import { CostPanel } from './cost-panel';
import { DatasetContext } from './dataset-context';
import { PresetCards } from './preset-cards';
import { SavedConfigurations } from './saved-configurations';
import { useEstimate, usePresetEstimates } from './use-estimate';

const ValidationPanel = lazy(() => import('./validation-panel'));
const LaunchDialog = lazy(() => import('./launch-dialog'));

export function Configurator({
  dataset,
  catalogue,
  initial,
  advanced,
}: {
  dataset: DatasetDetail;
  catalogue: Catalogue;
  initial: Config;
  /** Whether the advanced settings are open. */
  advanced: boolean;
}) {
  const navigate = useNavigate({ from: '/training/configure' });
  const [config, setConfig] = useState(initial);
  const [confirming, setConfirming] = useState(false);
  const change = (patch: Partial<Config>) => setConfig((old) => ({ ...old, ...patch }));
  const choosePreset = (preset: NamedPreset) => {
    const hyperparameters = presetValues(catalogue, preset, config.baseModel, config.shape);
    if (hyperparameters) change({ preset, hyperparameters, learningRate: scientific(hyperparameters.learningRate) });
  };

  const faults = problems(config, catalogue.limits);
  const valid = faults.length === 0;
  const custom = isCustom(config, catalogue);
  const request = requestOf(config, dataset.id, undefined, custom ? 'custom' : config.preset);
  const state = useEstimate(request, valid && dataset.trainingReady);
  const presetEstimates = usePresetEstimates(config, dataset.id, catalogue, dataset.trainingReady);
  const checks = launchChecks({
    dataset,
    config,
    catalogue,
    problems: faults,
    estimate: state.estimate,
    estimateError: state.error,
  });
  const ready = mayLaunch(checks);
  const missing = !dataset.trainingReady
    ? 'Needs a dataset that is ready'
    : valid
      ? undefined
      : 'Needs a valid configuration';

  return (
    <div className="mx-auto max-w-7xl space-y-6 p-6">
      <PageHeader
        large
        title="Training Job Configurator"
        subtitle="Set the hyperparameters, see what it costs, launch"
        actions={
          <>
            <Button asChild variant="outline">
              <Link to="/datasets">
                <XIcon aria-hidden className="mr-2" />
                Cancel
              </Link>
            </Button>
            <SavedConfigurations config={config} catalogue={catalogue} onApply={setConfig} />
          </>
        }
      />
      <DatasetContext dataset={dataset} config={config} catalogue={catalogue} onChange={change} />
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-3">
        <div className="min-w-0 space-y-6 lg:col-span-2">
          <PresetCards
            catalogue={catalogue}
            baseModel={config.baseModel}
            shape={config.shape}
            selected={config.preset}
            custom={custom}
            estimates={presetEstimates}
            onSelect={choosePreset}
          />
          <AdvancedSettings
            config={config}
            catalogue={catalogue}
            open={advanced}
            onOpen={(open) =>
              void navigate({ search: (old) => ({ ...old, advanced: open || undefined }), replace: true })
            }
            onChange={change}
          />
        </div>
        <div className="min-w-0 space-y-6">
          <CostPanel {...state} spot={config.spot} missing={missing} />
          <Suspense fallback={<Skeleton className="h-72 rounded-xl" />}>
            <ValidationPanel checks={checks} />
          </Suspense>
          <div>
            <Button
              size="lg"
              className="w-full bg-gradient-to-r from-solid-blue to-solid-blue-strong text-white hover:from-solid-blue-strong hover:to-solid-blue-strongest"
              disabled={!ready}
              onClick={() => setConfirming(true)}
            >
              <RocketIcon aria-hidden className="mr-2" />
              Start Training
            </Button>
            {!ready && (
              <p className="mt-2 text-center text-xs text-muted-foreground">Complete every item above to launch</p>
            )}
          </div>
        </div>
      </div>
      {confirming && state.estimate && (
        <Suspense>
          <LaunchDialog
            dataset={dataset}
            config={config}
            custom={custom}
            catalogue={catalogue}
            request={request}
            estimate={state.estimate}
            onClose={() => setConfirming(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
