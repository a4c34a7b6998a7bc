import type { MetricsPoint } from '@/api/types';
import { decimal, integer } from '@/lib/format';

const WIDTH = 2000;
const HEIGHT = 1200;
const PLOT = { left: 160, right: 1940, top: 130, bottom: 1040 };
const TICKS = 6;
const LINES = [
  { key: 'trainingLoss', label: 'Training Loss', colour: '#3b82f6', dash: [] },
  { key: 'validationLoss', label: 'Validation Loss', colour: '#f59e0b', dash: [16, 12] },
] as const;

/** The loss curve as a picture of 2000 x 1200 pixels, for a report. */
export function drawPng(title: string, points: MetricsPoint[]): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  if (!context) return Promise.resolve(null);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const scale = scales(points);
  drawAxes(context, title, scale);
  for (const { key, colour, dash } of LINES) {
    context.strokeStyle = colour;
    context.lineWidth = 4;
    context.setLineDash([...dash]);
    context.beginPath();
    for (const point of points) {
      const value = point[key];
      if (value !== undefined) context.lineTo(scale.x(point.step), scale.y(value));
    }
    context.stroke();
  }
  drawLegend(context);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function scales(points: MetricsPoint[]) {
  const steps = points.map(({ step }) => step);
  const losses = points.flatMap(({ trainingLoss, validationLoss }) => [trainingLoss, validationLoss]);
  const known = losses.filter((loss) => loss !== undefined);
  const range = (values: number[]) => {
    const min = Math.min(...values);
    return { min, span: Math.max(...values) - min || 1 };
  };
  const across = range(steps);
  const up = range(known);
  return {
    across,
    up,
    x: (step: number) => PLOT.left + ((step - across.min) / across.span) * (PLOT.right - PLOT.left),
    y: (loss: number) => PLOT.bottom - ((loss - up.min) / up.span) * (PLOT.bottom - PLOT.top),
  };
}

function drawAxes(context: CanvasRenderingContext2D, title: string, scale: ReturnType<typeof scales>) {
  context.fillStyle = '#111827';
  context.font = '600 40px system-ui, sans-serif';
  context.fillText(title, PLOT.left, 80, WIDTH - 2 * PLOT.left);
  context.fillStyle = '#6b7280';
  context.font = '28px system-ui, sans-serif';
  context.strokeStyle = '#e5e7eb';
  context.lineWidth = 2;
  for (let i = 0; i <= TICKS; i++) {
    const loss = scale.up.min + (scale.up.span * i) / TICKS;
    const step = scale.across.min + (scale.across.span * i) / TICKS;
    const y = scale.y(loss);
    context.beginPath();
    context.moveTo(PLOT.left, y);
    context.lineTo(PLOT.right, y);
    context.stroke();
    context.textAlign = 'right';
    context.fillText(decimal(loss, 2), PLOT.left - 16, y + 10);
    context.textAlign = 'center';
    context.fillText(integer(Math.round(step)), scale.x(step), PLOT.bottom + 44);
  }
  context.fillText('Training Step', (PLOT.left + PLOT.right) / 2, PLOT.bottom + 90);
}

function drawLegend(context: CanvasRenderingContext2D) {
  context.textAlign = 'left';
  LINES.forEach(({ label, colour, dash }, i) => {
    const x = PLOT.right - 640 + i * 330;
    context.setLineDash([...dash]);
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(x, 70);
    context.lineTo(x + 60, 70);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = '#374151';
    context.fillText(label, x + 76, 80);
  });
}
