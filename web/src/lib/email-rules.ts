/** What every address of an account has to keep to; the server asks for the same. */
export const EMAIL_RULES = {
  required: 'Enter your e-mail address.',
  pattern: { value: /^\S+@\S+$/, message: 'This is not an e-mail address.' },
  maxLength: { value: 254, message: 'At most 254 characters.' },
};
