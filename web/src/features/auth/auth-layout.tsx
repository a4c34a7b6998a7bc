import type { ReactNode } from 'react';
import { Logo } from '@/components/logo';

export function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-6 bg-sidebar p-6">
      <Logo />
      {children}
    </main>
  );
}
