import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';

/** Something to know in place of a form, with the way on. */
export function Notice({
  title,
  children,
  to = '/login',
  action = 'Log in',
}: {
  title: string;
  children: ReactNode;
  to?: '/login' | '/forgot-password' | '/';
  action?: string;
}) {
  return (
    <Card className="w-full max-w-md">
      <CardHeader>
        <CardTitle className="text-lg">{title}</CardTitle>
        <CardDescription role="status" className="text-sm">
          {children}
        </CardDescription>
      </CardHeader>
      <CardContent>
        <Button asChild variant="outline" className="w-full">
          <Link to={to}>{action}</Link>
        </Button>
      </CardContent>
    </Card>
  );
}
