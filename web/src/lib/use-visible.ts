import { useEffect, useState } from 'react';

/** A tab that was left counts as seen for so long, in milliseconds. */
const GRACE = 30_000;

/** Whether the reader sees this tab, or has only just left it. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    let leaving: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(leaving);
      if (document.visibilityState === 'visible') setVisible(true);
      else leaving = setTimeout(() => setVisible(false), GRACE);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(leaving);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return visible;
}
