import type { FieldPath, FieldValues, UseFormReturn } from 'react-hook-form';
import { fieldOf, messageOf } from './errors';

/** Says at one of a form's fields what the server found wrong with it, and goes there. Answers whether it was one of these. */
export function saidAtField<T extends FieldValues>(
  form: Pick<UseFormReturn<T>, 'setError'>,
  fields: readonly FieldPath<T>[],
  error: unknown,
): boolean {
  const field = fields.find((name) => name === fieldOf(error));
  if (field) form.setError(field, { message: messageOf(error) }, { shouldFocus: true });
  return field !== undefined;
}
