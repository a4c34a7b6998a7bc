import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { calendarDay, usd } from '@/lib/format';
import { KINDS } from './kinds';
import type { CostRow, Grouping } from './span';

const AXIS = 'var(--muted-foreground)';

/** What each day, week or month cost, by kind. */
export default function CostsChart({ rows, by }: { rows: CostRow[]; by: Grouping }) {
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={rows} margin={{ top: 8, right: 8, bottom: 0, left: 8 }} accessibilityLayer>
        <CartesianGrid strokeDasharray="3 3" stroke="var(--border)" vertical={false} />
        <XAxis dataKey="date" stroke={AXIS} minTickGap={24} tickFormatter={(day: string) => calendarDay(day, by)} />
        <YAxis stroke={AXIS} width={88} tickFormatter={usd} />
        <Tooltip
          cursor={{ fill: 'var(--accent)' }}
          contentStyle={{ background: 'var(--popover)', border: '1px solid var(--border)', borderRadius: 8 }}
          labelFormatter={(day) => calendarDay(String(day), by)}
          formatter={(value) => usd(Number(value))}
          isAnimationActive={false}
        />
        <Legend itemSorter={null} verticalAlign="bottom" wrapperStyle={{ paddingTop: 12 }} />
        {KINDS.map(({ key, label, colour }) => (
          <Bar
            key={key}
            stackId="cost"
            name={label}
            dataKey={key}
            fill={colour}
            maxBarSize={64}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}
