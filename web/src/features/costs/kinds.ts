/** What is paid for, with the colour of each kind. */
export const KINDS = [
  { key: 'compute', label: 'Training', colour: 'var(--series-1)' },
  { key: 'storage', label: 'Storage', colour: 'var(--series-2)' },
  { key: 'dataTransfer', label: 'Data Transfer', colour: 'var(--series-3)' },
  { key: 'apiCalls', label: 'API Calls', colour: 'var(--series-4)' },
] as const;
