import { useState } from 'react';
import {
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { decimal, integer } from '@/lib/format';
import type { PlotPoint } from './view';

/** Up to this many validations each is marked; one alone would be no line at all. */
const MARKED = 20;
const AXIS = 'var(--muted-foreground)';

interface LossChartProps {
  points: PlotPoint[];
  log: boolean;
  smoothed: boolean;
  /** Steps that were marked by dragging across the plot. */
  onZoom: (from: number, to: number) => void;
}

/** Training and validation loss over the steps. */
export default function LossChart({ points, log, smoothed, onZoom }: LossChartProps) {
  const validations = points.filter(({ validationLoss }) => validationLoss !== undefined).length;
  const { marked, handlers } = useMarking(onZoom);
  const line = { type: 'monotone', connectNulls: true, isAnimationActive: false, strokeWidth: 2 } as const;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <LineChart
        data={points}
        margin={{ top: 8, right: 16, bottom: 16, left: 8 }}
        accessibilityLayer
        className="select-none"
        {...handlers}
      >
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
        <Legend verticalAlign="bottom" wrapperStyle={{ paddingTop: 16 }} />
        <Line
          {...line}
          name="Training Loss"
          dataKey="trainingLoss"
          stroke="var(--chart-training)"
          strokeOpacity={smoothed ? 0.3 : 1}
          dot={false}
        />
        {smoothed && <Line {...line} name="Smoothed" dataKey="smoothed" stroke="var(--chart-training)" dot={false} />}
        <Line
          {...line}
          name="Validation Loss"
          dataKey="validationLoss"
          stroke="var(--chart-validation)"
          strokeDasharray="5 5"
          dot={validations <= MARKED ? { r: 3, strokeDasharray: '0' } : false}
        />
        {marked && <ReferenceArea x1={marked.from} x2={marked.to} fill="var(--chart-training)" fillOpacity={0.15} />}
      </LineChart>
    </ResponsiveContainer>
  );
}

/** Marking a stretch of steps by dragging. */
function useMarking(onZoom: LossChartProps['onZoom']) {
  const [marked, setMarked] = useState<{ from: number; to: number }>();
  const step = (at: { activeLabel?: string | number | undefined }) =>
    at.activeLabel === undefined ? undefined : Number(at.activeLabel);
  const handlers = {
    onMouseDown: (at: { activeLabel?: string | number | undefined }) => {
      const from = step(at);
      if (from !== undefined) setMarked({ from, to: from });
    },
    onMouseMove: (at: { activeLabel?: string | number | undefined }) => {
      const to = step(at);
      if (marked && to !== undefined) setMarked({ ...marked, to });
    },
    onMouseUp: () => {
      if (marked && marked.from !== marked.to) {
        onZoom(Math.min(marked.from, marked.to), Math.max(marked.from, marked.to));
      }
      setMarked(undefined);
    },
    onMouseLeave: () => setMarked(undefined),
  };
  return { marked, handlers };
}
