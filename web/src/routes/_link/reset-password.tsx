import { createFileRoute } from '@tanstack/react-router';
import { ResetForm } from '@/features/auth/reset-form';

export const Route = createFileRoute('/_link/reset-password')({ component: ResetForm });
