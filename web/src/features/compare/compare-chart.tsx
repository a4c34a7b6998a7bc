import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { decimal, integer } from '@/lib/format';
import { colourOf } from './colours';
import { dataKey, type MergedPoint } from './curves';
import type { CompareSearch } from './search';

const AXIS = 'var(--muted-foreground)';

interface CompareChartProps {
  points: MergedPoint[];
  names: string[];
  show: CompareSearch['losses'];
  log: boolean;
}

/** The losses of several runs over their steps: training solid, validation dashed. */
export default function CompareChart({ points, names, show, log }: CompareChartProps) {
  const line = { type: 'monotone', connectNulls: true, isAnimationActive: false, strokeWidth: 2 } as const;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <LineChart data={points} margin={{ top: 8, right: 16, bottom: 16, left: 8 }} accessibilityLayer>
        <CartesianGrid strokeDasharray="3 3" stroke="var(--border)" />
        <XAxis
          dataKey="step"
          type="number"
          allowDecimals={false}
          domain={['dataMin', 'dataMax']}
          stroke={AXIS}
          tickFormatter={integer}
          label={{ value: 'Training Step', position: 'insideBottom', offset: -10, fill: AXIS }}
        />
        <YAxis
          // Another kind of axis is another axis: Recharts keeps the ticks of the first otherwise.
          key={log ? 'log' : 'linear'}
          stroke={AXIS}
          scale={log ? 'log' : 'auto'}
          domain={['auto', 'auto']}
          allowDataOverflow={log}
          tickFormatter={(value: number) => decimal(value, value < 1 ? 2 : 1)}
          label={{ value: log ? 'Loss (log)' : 'Loss', angle: -90, position: 'insideLeft', fill: AXIS }}
        />
        <Tooltip
          contentStyle={{ background: 'var(--popover)', border: '1px solid var(--border)', borderRadius: 8 }}
          labelFormatter={(step) => `Step ${integer(Number(step))}`}
          formatter={(value) => decimal(Number(value), 4)}
          isAnimationActive={false}
        />
        <Legend itemSorter={null} verticalAlign="bottom" wrapperStyle={{ paddingTop: 16 }} />
        {show !== 'validation' &&
          names.map((name, run) => (
            <Line
              {...line}
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
              {...line}
              key={dataKey('validationLoss', run)}
              name={`${name}: validation`}
              dataKey={dataKey('validationLoss', run)}
              stroke={colourOf(run)}
              strokeDasharray="5 5"
              dot={{ r: 3, strokeDasharray: '0' }}
            />
          ))}
      </LineChart>
    </ResponsiveContainer>
  );
}
