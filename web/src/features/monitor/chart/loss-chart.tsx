import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { MetricsPoint } from '@/api/types';
import { decimal, integer } from '@/lib/format';

/** Up to this many validations each is marked; one alone would be no line at all. */
const MARKED = 20;

/** Training and validation loss over the steps. */
export default function LossChart({ points }: { points: MetricsPoint[] }) {
  const validations = points.filter(({ validationLoss }) => validationLoss !== undefined).length;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <LineChart data={points} margin={{ top: 8, right: 16, bottom: 16, left: 8 }} accessibilityLayer>
        <CartesianGrid strokeDasharray="3 3" stroke="#e5e7eb" />
        <XAxis
          dataKey="step"
          type="number"
          allowDecimals={false}
          domain={['dataMin', 'dataMax']}
          stroke="#6b7280"
          tickFormatter={integer}
          label={{ value: 'Training Step', position: 'insideBottom', offset: -10, fill: '#6b7280' }}
        />
        <YAxis
          stroke="#6b7280"
          domain={['auto', 'auto']}
          tickFormatter={(value: number) => decimal(value, 1)}
          label={{ value: 'Loss', angle: -90, position: 'insideLeft', fill: '#6b7280' }}
        />
        <Tooltip
          contentStyle={{ background: '#fff', border: '1px solid #e5e7eb', borderRadius: 8 }}
          labelFormatter={(step) => `Step ${integer(Number(step))}`}
          formatter={(value) => decimal(Number(value), 4)}
          isAnimationActive={false}
        />
        <Legend verticalAlign="bottom" wrapperStyle={{ paddingTop: 16 }} />
        <Line
          name="Training Loss"
          dataKey="trainingLoss"
          type="monotone"
          stroke="var(--chart-training)"
          strokeWidth={2}
          dot={false}
          connectNulls
          isAnimationActive={false}
        />
        <Line
          name="Validation Loss"
          dataKey="validationLoss"
          type="monotone"
          stroke="var(--chart-validation)"
          strokeWidth={2}
          strokeDasharray="5 5"
          dot={validations <= MARKED ? { r: 3, strokeDasharray: '0' } : false}
          connectNulls
          isAnimationActive={false}
        />
      </LineChart>
    </ResponsiveContainer>
  );
}
