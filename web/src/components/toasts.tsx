import { useEffect } from 'react';
import { onFirstToast } from '@/lib/toast';
import { usePart } from '@/lib/use-part';

const loadToaster = () => import('@/components/ui/toaster');
/** How long after the page came up the place for messages is fetched, in milliseconds. */
const LATER = 2000;

/** Where short messages appear. It is fetched ahead of the first one, so that it is there to say that the server is not. */
export function Toasts() {
  const [part, want] = usePart(loadToaster);
  useEffect(() => {
    const timer = setTimeout(() => void want(), LATER);
    const forget = onFirstToast(() => void want());
    return () => {
      clearTimeout(timer);
      forget();
    };
  }, [want]);
  return part ? <part.Toaster /> : null;
}
