import { useEffect } from 'react';
import { Toaster as Sonner } from 'sonner';
import { useTheme } from '@/lib/theme';
import { toasterMounted } from '@/lib/toast';

export function Toaster() {
  const { dark } = useTheme();
  useEffect(toasterMounted, []);
  return (
    <Sonner
      position="top-right"
      theme={dark ? 'dark' : 'light'}
      offset={{ top: 72 }}
      mobileOffset={{ top: 68 }}
      toastOptions={{
        style: { background: 'var(--popover)', color: 'var(--popover-foreground)', borderColor: 'var(--border)' },
      }}
    />
  );
}
