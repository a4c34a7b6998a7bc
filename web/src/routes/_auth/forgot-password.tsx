import { createFileRoute } from '@tanstack/react-router';
import { ForgotForm } from '@/features/auth/forgot-form';

export const Route = createFileRoute('/_auth/forgot-password')({ component: ForgotForm });
