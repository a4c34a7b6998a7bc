import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '@/api/models';
import type { Catalogue } from '@/api/types';
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select';
import { messageOf } from '@/lib/errors';
import { type Config, withParent } from './config';
import { Setting } from './setting';

/** What stands for no model: a choice's value may not be empty. */
const ANEW = 'anew';

/** Whether a new adapter is made, or one of the account's models is trained further. */
export function StartFrom({
  config,
  catalogue,
  onChange,
}: {
  config: Config;
  catalogue: Catalogue;
  onChange: (patch: Partial<Config>) => void;
}) {
  const { data, error } = useQuery(modelsQuery({ pageSize: 100, sortBy: 'created-desc' }));
  const models = data?.models.filter((model) => model.configuration.baseModel === config.baseModel) ?? [];
  const { parentModelId: parent } = config;
  const choose = (id: string) => {
    const model = models.find((known) => known.id === id);
    onChange(withParent(config, catalogue, model && { id, hyperparameters: model.configuration.hyperparameters }));
  };
  return (
    <Setting
      label="Start From"
      help="A new adapter, or one of your models for this base model. Its rank, alpha, scaling, modules and layers then stay."
    >
      {(id) => (
        <>
          <Select value={parent || ANEW} onValueChange={choose}>
            <SelectTrigger id={id}>
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              <SelectItem value={ANEW}>A new adapter</SelectItem>
              {models.map((model) => (
                <SelectItem key={model.id} value={model.id}>
                  {model.name}, v{model.version}
                </SelectItem>
              ))}
              {parent && !models.some((model) => model.id === parent) && (
                <SelectItem value={parent}>A model that is not listed</SelectItem>
              )}
            </SelectContent>
          </Select>
          {error && !data && <p className="text-xs text-red-600">Your models are not listed: {messageOf(error)}</p>}
        </>
      )}
    </Setting>
  );
}
