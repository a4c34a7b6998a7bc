import { Toaster as Sonner } from 'sonner';

export function Toaster() {
  return (
    <Sonner
      position="top-right"
      theme="light"
      offset={{ top: 72 }}
      mobileOffset={{ top: 68 }}
      toastOptions={{
        style: { background: 'var(--popover)', color: 'var(--popover-foreground)', borderColor: 'var(--border)' },
      }}
    />
  );
}
