import type { Catalogue } from '@/api/types';
import type { Config } from './config';
import { GpuFields } from './gpu-fields';
import { HyperparameterFields } from './hyperparameter-fields';

/** What the advanced settings hold, once they are opened. */
export default function AdvancedFields(props: {
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
  return (
    <>
      <HyperparameterFields {...props} />
      <GpuFields {...props} />
    </>
  );
}
