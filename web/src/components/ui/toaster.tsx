import { useEffect } from 'react';
import { Toaster as Sonner } from 'sonner';
import { useTheme } from '@/lib/theme';
import { toasterMounted } from '@/lib/toast';

export function Toaster() {
  const { dark } = useTheme();
  useEffect(toasterMounted, []);
  return (
    // Sonner gives the focus that leaves a message back to where it came from, so that Tab would never get past one, and a message that
    // went away with the focus in it would take it back when the next one comes. It does neither when it does not learn of the focus.
    <div onFocusCapture={(event) => event.stopPropagation()}>
      <Sonner
        position="top-right"
        theme={dark ? 'dark' : 'light'}
        offset={{ top: 72 }}
        mobileOffset={{ top: 68 }}
        toastOptions={{
          style: { background: 'var(--popover)', color: 'var(--popover-foreground)', borderColor: 'var(--border)' },
        }}
      />
    </div>
  );
}
