import type { UseFormRegisterReturn } from 'react-hook-form';
import { FormField } from '@/components/form-field';
import { Input } from '@/components/ui/input';

/** What every new password has to keep to; the server asks for the same. */
export const NEW_PASSWORD = {
  required: 'Choose a password.',
  minLength: { value: 10, message: 'Use at least 10 characters.' },
};

/** What is said beside it. */
export const NEW_PASSWORD_HINT = 'At least 10 characters';

/** What is wrong with a password that is typed a second time. */
export const sameAs = (first: string) => (again: string) => again === first || 'The two are not the same.';

export function PasswordField({
  label,
  hint,
  error,
  current = false,
  autoFocus,
  registration,
}: {
  label: string;
  hint?: string;
  error: string | undefined;
  /** Whether it is the one that counts now, which password managers fill in; otherwise they offer a new one. */
  current?: boolean;
  autoFocus?: boolean;
  registration: UseFormRegisterReturn;
}) {
  return (
    <FormField label={label} hint={hint} error={error}>
      {(control) => (
        <Input
          type="password"
          autoComplete={current ? 'current-password' : 'new-password'}
          autoFocus={autoFocus}
          {...control}
          {...registration}
        />
      )}
    </FormField>
  );
}
