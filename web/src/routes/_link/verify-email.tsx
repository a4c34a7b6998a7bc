import { createFileRoute } from '@tanstack/react-router';
import { VerifyEmail } from '@/features/auth/verify-email';

export const Route = createFileRoute('/_link/verify-email')({ component: VerifyEmail });
