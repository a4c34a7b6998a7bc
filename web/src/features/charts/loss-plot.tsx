import type { ComponentProps, ReactNode } from 'react';
import { CartesianGrid, Legend, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { decimal, integer } from '@/lib/format';

const AXIS = 'var(--muted-foreground)';

/** How every line of a loss plot is drawn. */
export const LINE = { type: 'monotone', connectNulls: true, isAnimationActive: false, strokeWidth: 2 } as const;

/** A plot of losses over steps: axes, grid, what hovering shows and the legend; the lines are its children. */
export function LossPlot({
  points,
  log,
  inOrder = false,
  children,
  ...chart
}: {
  points: { step: number }[];
  /** Whether the axis of losses is logarithmic. */
  log: boolean;
  /** Whether the legend keeps the order of the lines. */
  inOrder?: boolean;
  children: ReactNode;
} & Pick<
  ComponentProps<typeof LineChart>,
  'className' | 'onMouseDown' | 'onMouseMove' | 'onMouseUp' | 'onMouseLeave'
>) {
  return (
    <ResponsiveContainer width="100%" height="100%">
      <LineChart data={points} margin={{ top: 8, right: 16, bottom: 16, left: 8 }} accessibilityLayer {...chart}>
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
          tickFormatter={(value: number) => String(Number(decimal(value, 3).replaceAll(',', '')))}
          label={{ value: log ? 'Loss (log)' : 'Loss', angle: -90, position: 'insideLeft', fill: AXIS }}
        />
        <Tooltip
          contentStyle={{ background: 'var(--popover)', border: '1px solid var(--border)', borderRadius: 8 }}
          labelFormatter={(step) => `Step ${integer(Number(step))}`}
          formatter={(value) => decimal(Number(value), 4)}
          isAnimationActive={false}
        />
        <Legend {...(inOrder && { itemSorter: null })} verticalAlign="bottom" wrapperStyle={{ paddingTop: 16 }} />
        {children}
      </LineChart>
    </ResponsiveContainer>
  );
}
