import { useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { estimateQuery } from '@/api/jobs';
import type { Catalogue, Estimate, EstimateRequest } from '@/api/types';
import { messageOf } from '@/lib/errors';
import { type Config, type NamedPreset, presetValues, requestOf } from './config';

/** How long the settings have to rest before the server is asked, in milliseconds. */
const DEBOUNCE = 400;

export interface EstimateState {
  /** The estimate of exactly the present settings, or nothing. */
  estimate: Estimate | undefined;
  error: string | undefined;
  retry: () => void;
}

/** The estimate of a configuration, asked for when it has come to rest. It is never that of an earlier one. */
export function useEstimate(request: EstimateRequest, valid: boolean): EstimateState {
  const key = JSON.stringify(request);
  const [settled, setSettled] = useState(key);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key), DEBOUNCE);
    return () => clearTimeout(timer);
  }, [key]);
  const fresh = valid && settled === key;
  const { data, error, isFetching, refetch } = useQuery({ ...estimateQuery(request), enabled: fresh });
  return {
    estimate: fresh ? data : undefined,
    error: fresh && error && !isFetching ? messageOf(error) : undefined,
    retry: () => void refetch(),
  };
}

export const PRESETS: NamedPreset[] = ['conservative', 'balanced', 'aggressive'];

/** Null where none is to come. */
export type PresetEstimates = Record<NamedPreset, Estimate | null | undefined>;

/** The estimates of the three presets for this data set and machine. */
export function usePresetEstimates(config: Config, datasetId: string, catalogue: Catalogue, enabled: boolean) {
  return useQueries({
    queries: PRESETS.map((preset) => ({
      ...estimateQuery(
        requestOf(config, datasetId, presetValues(catalogue, preset, config.baseModel, config.shape), preset),
      ),
      enabled,
    })),
    combine: (results) =>
      Object.fromEntries(
        PRESETS.map((preset, i) => [
          preset,
          results[i]?.data ?? (results[i]?.fetchStatus === 'idle' ? null : undefined),
        ]),
      ) as PresetEstimates,
  });
}
