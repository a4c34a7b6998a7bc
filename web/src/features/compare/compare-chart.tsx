import { Line } from 'recharts';
import { LINE, LossPlot } from '../charts/loss-plot';
import { colourOf } from './colours';
import { dataKey, type MergedPoint } from './curves';
import type { CompareSearch } from './search';

interface CompareChartProps {
  points: MergedPoint[];
  names: string[];
  show: CompareSearch['losses'];
  log: boolean;
}

/** The losses of several runs over their steps: training solid, validation dashed. */
export default function CompareChart({ points, names, show, log }: CompareChartProps) {
  return (
    <LossPlot points={points} log={log} inOrder>
      {show !== 'validation' &&
        names.map((name, run) => (
          <Line
            {...LINE}
            key={dataKey('trainingLoss', run)}
            name={`${name}: training`}
            dataKey={dataKey('trainingLoss', run)}
            stroke={colourOf(run)}
            dot={false}
          />
        ))}
      {show !== 'training' &&
        names.map((name, run) => (
          <Line
            {...LINE}
            key={dataKey('validationLoss', run)}
            name={`${name}: validation`}
            dataKey={dataKey('validationLoss', run)}
            stroke={colourOf(run)}
            strokeDasharray="5 5"
            dot={{ r: 3, strokeDasharray: '0' }}
          />
        ))}
    </LossPlot>
  );
}
