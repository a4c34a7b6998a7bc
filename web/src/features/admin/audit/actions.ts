import type { AuditAction } from '@/api/admin';

const LABELS: Record<AuditAction, string> = {
  signup: 'Signed up',
  login: 'Logged in',
  login_failed: 'Log-in refused',
  logout: 'Logged out',
  session_revoked: 'Session ended',
  sessions_revoked: 'Other sessions ended',
  password_changed: 'Password changed',
  password_reset_requested: 'Password reset asked for',
  password_reset: 'Password reset',
  email_verified: 'E-mail address confirmed',
  email_change_requested: 'Another e-mail address asked for',
  email_changed: 'E-mail address changed',
  key_created: 'API key made',
  key_revoked: 'API key revoked',
  invitation_created: 'Invitation made',
  invitation_revoked: 'Invitation revoked',
  role_changed: 'Role changed',
  tier_changed: 'Tier changed',
  budget_changed: 'Budget changed',
  account_disabled: 'Account disabled',
  account_enabled: 'Account enabled',
  deletion_requested: 'Deletion of the account asked for',
  deletion_cancelled: 'Deletion of the account taken back',
  account_purged: 'Account deleted',
  data_exported: 'Data exported',
  dataset_deleted: 'Data set deleted',
  dataset_restored: 'Data set restored',
  model_deleted: 'Model deleted',
  model_restored: 'Model restored',
  webhook_created: 'Webhook made',
  webhook_changed: 'Webhook changed',
  webhook_secret_rotated: 'Secret of a webhook replaced',
  webhook_deleted: 'Webhook deleted',
  instance_changed: 'Instance type changed',
};

export const ACTIONS = (Object.keys(LABELS) as AuditAction[]).map((value) => ({ value, label: LABELS[value] }));

/** What was done, in words. */
export const actionLabel = (action: AuditAction): string => LABELS[action] ?? action;
