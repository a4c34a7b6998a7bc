import { useState } from 'react';
import { Line, ReferenceArea } from 'recharts';
import { LINE, LossPlot } from '../../charts/loss-plot';
import type { PlotPoint } from './view';

/** Up to this many validations each is marked; one alone would be no line at all. */
const MARKED = 20;

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
  return (
    <LossPlot points={points} log={log} className="select-none" {...handlers}>
      <Line
        {...LINE}
        name="Training Loss"
        dataKey="trainingLoss"
        stroke="var(--chart-training)"
        strokeOpacity={smoothed ? 0.3 : 1}
        dot={false}
      />
      {smoothed && <Line {...LINE} name="Smoothed" dataKey="smoothed" stroke="var(--chart-training)" dot={false} />}
      <Line
        {...LINE}
        name="Validation Loss"
        dataKey="validationLoss"
        stroke="var(--chart-validation)"
        strokeDasharray="5 5"
        dot={validations <= MARKED ? { r: 3, strokeDasharray: '0' } : false}
      />
      {marked && <ReferenceArea x1={marked.from} x2={marked.to} fill="var(--chart-training)" fillOpacity={0.15} />}
    </LossPlot>
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
