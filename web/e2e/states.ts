import type { Page } from '@playwright/test';
import { SAMPLE } from './seed';
import type { Who, World } from './world';

/** Something the page can look like. */
export interface State {
  name: string;
  path: string;
  who?: Who;
  /** What is seen when it is there: a heading, or any text. */
  shows: string | RegExp;
  /** What leads from the page to it. */
  open?: (page: Page) => Promise<unknown>;
  /** The components that open over the page here. */
  of?: string[];
}

const press = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
const list = (name: string | RegExp) => (page: Page) => page.getByRole('combobox', { name }).click();
const both =
  (first: (page: Page) => Promise<unknown>, then: (page: Page) => Promise<unknown>) => async (page: Page) => {
    await first(page);
    await then(page);
  };
const ADVANCED = 'advanced=true';

/** What somebody sees who is not signed in, or has nothing yet. */
export const empty = ({ datasets }: World): State[] => [
  { name: 'login', who: 'nobody', path: '/login', shows: 'Log in' },
  {
    name: 'login refused',
    who: 'nobody',
    path: '/login',
    shows: /wrong|incorrect|not match/i,
    open: async (page) => {
      await page.getByLabel('Email').fill('nobody@example.org');
      await page.getByLabel('Password').fill('not the password');
      await page.getByRole('button', { name: 'Log in' }).click();
    },
  },
  { name: 'signup', who: 'nobody', path: '/signup', shows: 'Sign up' },
  { name: 'signup invited', who: 'nobody', path: '/signup#token=x', shows: 'Accept your invitation' },
  { name: 'forgot password', who: 'nobody', path: '/forgot-password', shows: 'Forgot your password?' },
  { name: 'reset password', who: 'nobody', path: '/reset-password#token=x', shows: 'Choose a new password' },
  { name: 'reset password cut off', who: 'nobody', path: '/reset-password', shows: 'This link is not complete' },
  { name: 'verify email', who: 'nobody', path: '/verify-email#token=x', shows: 'Confirm your e-mail address' },
  { name: 'dashboard empty', who: 'newcomer', path: '/', shows: 'Welcome, Noah New' },
  { name: 'datasets empty', who: 'newcomer', path: '/datasets', shows: 'No datasets found' },
  { name: 'jobs empty', who: 'newcomer', path: '/training/jobs', shows: 'No active training jobs' },
  { name: 'jobs queued empty', who: 'newcomer', path: '/training/jobs?tab=queued', shows: 'No queued jobs' },
  { name: 'jobs completed empty', who: 'newcomer', path: '/training/jobs?tab=completed', shows: 'No completed jobs' },
  { name: 'compare empty', who: 'newcomer', path: '/training/compare', shows: 'No jobs chosen' },
  { name: 'configurator without dataset', who: 'newcomer', path: '/training/configure', shows: 'No dataset selected' },
  { name: 'models empty', who: 'newcomer', path: '/models', shows: 'No models yet' },
  { name: 'models deleted empty', who: 'newcomer', path: '/models?show=deleted', shows: 'No deleted models' },
  { name: 'costs empty', who: 'newcomer', path: '/costs', shows: 'No jobs yet' },
  { name: 'notifications empty', who: 'newcomer', path: '/notifications', shows: 'No notifications yet' },
  {
    name: 'panel notifications empty',
    who: 'newcomer',
    path: '/models',
    shows: 'All caught up!',
    open: press(/^Notifications/),
    of: ['features/shell/notifications.tsx'],
  },
  { name: 'keys empty', who: 'newcomer', path: '/settings?tab=keys', shows: 'No API keys' },
  { name: 'webhooks empty', who: 'newcomer', path: '/settings?tab=webhooks', shows: 'No webhooks' },
  { name: 'not an administrator', who: 'newcomer', path: '/admin/users', shows: 'There is no such page' },
  { name: 'no such page', who: 'newcomer', path: '/nowhere', shows: 'There is no such page' },
  { name: 'no such dataset', who: 'newcomer', path: `/datasets/${datasets.ready}`, shows: 'There is no such dataset' },
];

const datasetStates = ({ datasets: { ready, broken, mendable, waiting } }: World): State[] => [
  { name: 'datasets', path: '/datasets', shows: 'Bike workshop' },
  { name: 'datasets filtered', path: '/datasets?trainingReady=false&search=cut', shows: 'Clear all' },
  { name: 'datasets filtered empty', path: '/datasets?search=nothing+like+it', shows: 'No datasets found' },
  { name: 'datasets deleted', path: '/datasets?deleted=true', shows: /\d\d days left/ },
  {
    name: 'datasets sort',
    path: '/datasets',
    shows: /Name.*A/,
    open: list('Sort by'),
    of: ['features/datasets/filter-bar.tsx'],
  },
  {
    name: 'datasets filters',
    path: '/datasets?trainingReady=true',
    shows: 'Filter Options',
    open: press(/^Filters/),
    of: ['features/datasets/filter-bar.tsx'],
  },
  {
    name: 'upload',
    path: '/datasets?create=true',
    shows: 'Create Dataset',
    of: ['features/datasets/upload/upload-dialog.tsx'],
  },
  {
    name: 'upload chosen',
    path: '/datasets?create=true',
    shows: /^Looks like/,
    open: (page) => page.getByLabel('Dataset file').setInputFiles(SAMPLE),
  },
  {
    name: 'upload format',
    path: '/datasets?create=true',
    shows: /ShareGPT/,
    open: async (page) => {
      await page.getByLabel('Dataset file').setInputFiles(SAMPLE);
      await page.getByText(/^Looks like/).waitFor();
      await page.getByRole('combobox', { name: 'Format' }).click();
    },
    of: ['features/datasets/upload/format-select.tsx'],
  },
  {
    name: 'dataset overview',
    path: `/datasets/${ready}`,
    shows: 'Training Readiness',
    of: ['features/datasets/detail/dataset-dialog.tsx'],
  },
  { name: 'dataset broken', path: `/datasets/${broken}`, shows: /^Error: / },
  { name: 'dataset mendable', path: `/datasets/${mendable}`, shows: 'Leave out repetitions' },
  { name: 'dataset uploading', path: `/datasets/${waiting}`, shows: 'Check the File' },
  { name: 'dataset scaffolding', path: `/datasets/${ready}?show=scaffolding`, shows: /Distribution by Persona/ },
  { name: 'dataset conversations', path: `/datasets/${ready}?show=conversations`, shows: 'Sample Conversations' },
  {
    name: 'dataset all conversations',
    path: `/datasets/${ready}?show=conversations&all=true`,
    shows: /^Page|Next/,
    open: (page) => page.getByRole('list', { name: 'Conversations' }).getByRole('button').first().click(),
  },
  { name: 'dataset examples', path: `/datasets/${ready}?show=examples`, shows: /^Example 1 of/ },
  { name: 'dataset metadata', path: `/datasets/${ready}?show=metadata`, shows: /\d+ records? of/ },
  {
    name: 'dataset edit',
    path: `/datasets/${ready}`,
    shows: 'Edit Dataset',
    open: press('Edit'),
    of: ['features/datasets/detail/edit-dataset.tsx'],
  },
  {
    name: 'dataset delete',
    path: `/datasets/${ready}`,
    shows: 'Delete this dataset?',
    open: press('Delete'),
    of: ['features/datasets/detail/delete-dataset.tsx'],
  },
  {
    name: 'dataset mend',
    path: `/datasets/${mendable}?fix=drop_duplicates`,
    shows: '19 → 15',
    of: ['features/datasets/fixes/fix-dialog.tsx'],
  },
];

const trainingStates = ({ datasets: { ready, broken }, jobs }: World): State[] => {
  const configure = `/training/configure?dataset_id=${ready}`;
  const select = (name: string, label: string, shows: string | RegExp, of: string): State => ({
    name,
    path: `${configure}&${ADVANCED}`,
    shows,
    open: (page) => page.getByLabel(label, { exact: true }).click(),
    of: [`features/configurator/${of}`],
  });
  return [
    { name: 'configurator', path: configure, shows: 'Ready to Launch' },
    { name: 'configurator advanced', path: `${configure}&${ADVANCED}`, shows: 'Target Modules' },
    {
      name: 'configurator invalid',
      path: `${configure}&${ADVANCED}`,
      shows: /Learning rate must be between/,
      open: (page) => page.getByLabel('Learning Rate', { exact: true }).fill('much'),
    },
    { name: 'configurator not ready', path: `/training/configure?dataset_id=${broken}`, shows: /Complete every item/ },
    {
      name: 'configurator help',
      path: configure,
      shows: /Computed by the server/,
      open: (page) => page.getByRole('button', { name: 'About the cost estimate' }).hover(),
      of: ['components/help-panel.tsx'],
    },
    select('configurator base model', 'Base Model', /tiny/i, 'dataset-context.tsx'),
    select('configurator optimizer', 'Optimizer', /AdamW/, 'choice-setting.tsx'),
    select('configurator start from', 'Start From', 'A new adapter', 'start-from.tsx'),
    select('configurator gpus', 'Number of GPUs', /^1/, 'gpu-fields.tsx'),
    select('configurator sequence', 'Max Sequence Length', /\d/, 'hyperparameter-fields.tsx'),
    {
      name: 'configurator saved',
      path: configure,
      shows: 'Careful',
      open: press('Save Configuration'),
      of: ['features/configurator/saved-configurations.tsx'],
    },
    ...(['conservative', 'aggressive'] as const).map((preset) => ({
      name: `configurator ${preset}`,
      path: configure,
      shows: 'Ready to Launch',
      open: (page: Page) => page.locator(`[data-preset="${preset}"]`).click(),
    })),
    {
      name: 'launch',
      path: configure,
      shows: /Confirm/,
      open: press('Start Training'),
      of: ['features/configurator/launch-dialog.tsx'],
    },
    {
      name: 'launch acknowledged',
      path: configure,
      shows: /Confirm/,
      open: both(press('Start Training'), (page) => page.getByRole('dialog').getByRole('checkbox').check()),
      of: ['features/configurator/launch-dialog.tsx'],
    },
    { name: 'jobs completed', path: '/training/jobs?tab=completed', shows: 'Unlucky' },
    { name: 'monitor completed', path: `/training/jobs/${jobs.completed}`, shows: 'Training Complete!' },
    { name: 'monitor failed', path: `/training/jobs/${jobs.failed}`, shows: 'Training Failed' },
    { name: 'monitor cancelled', path: `/training/jobs/${jobs.cancelled}`, shows: 'Training Cancelled' },
    {
      name: 'monitor log level',
      path: `/training/jobs/${jobs.completed}`,
      shows: 'Errors Only',
      open: list('Level'),
      of: ['features/monitor/cards/logs-card.tsx'],
    },
    { name: 'no such job', who: 'newcomer', path: `/training/jobs/${jobs.completed}`, shows: 'There is no such job' },
    {
      name: 'compare',
      path: `/training/compare?jobs=${jobs.completed}%2C${jobs.again}`,
      shows: 'Settings that differ',
      open: (page) => page.getByText('The curves as a table').click(),
    },
    {
      name: 'compare losses',
      path: `/training/compare?jobs=${jobs.completed}%2C${jobs.again}`,
      shows: 'Validation loss',
      open: list('Losses shown'),
      of: ['features/compare/curves-card.tsx'],
    },
  ];
};

const modelStates = ({ models: { first, archived } }: World): State[] => [
  { name: 'models', path: '/models', shows: 'One' },
  {
    name: 'models shown',
    path: '/models',
    shows: 'Deleted Models',
    open: list('Models shown'),
    of: ['components/choice.tsx'],
  },
  { name: 'models deleted', path: '/models?show=deleted', shows: /\d\d days left/ },
  { name: 'model', path: `/models/${first}`, shows: 'Model Actions' },
  { name: 'model versions', path: `/models/${first}?history=true`, shows: 'Version 1' },
  {
    name: 'model downloaded',
    path: `/models/${first}`,
    shows: /checksum verified/,
    open: press(/^Download LoRA Adapter/),
  },
  { name: 'model archived', path: `/models/${archived}`, shows: 'Restore Model' },
  {
    name: 'model help',
    path: `/models/${first}`,
    shows: /e to the power of|mean loss/,
    open: press(/^About (Perplexity|Validation Loss|.*)/),
    of: ['components/help-panel.tsx'],
  },
  {
    name: 'model archive',
    path: `/models/${first}`,
    shows: /can be restored at any time/,
    open: press('Archive Model'),
    of: ['features/models/detail/archive-dialog.tsx'],
  },
  {
    name: 'model delete',
    path: `/models/${first}`,
    shows: 'Enter model name',
    open: press('Delete Model'),
    of: ['features/models/detail/delete-dialog.tsx'],
  },
  { name: 'no such model', who: 'newcomer', path: `/models/${first}`, shows: 'There is no such model' },
];

const settingsStates = (_: World): State[] => [
  { name: 'settings profile', path: '/settings', shows: 'Your Data' },
  { name: 'settings security', path: '/settings?tab=security', shows: 'Sessions' },
  { name: 'settings cluster', path: '/settings?tab=cluster', shows: 'GPU Availability' },
  { name: 'settings keys', path: '/settings?tab=keys', shows: 'nightly backup' },
  { name: 'settings notifications', path: '/settings?tab=notifications', shows: 'Notification Preferences' },
  { name: 'settings billing', path: '/settings?tab=billing', shows: 'Monthly Budget' },
  { name: 'settings webhooks', path: '/settings?tab=webhooks', shows: /hooks\.example\.org/ },
  {
    name: 'delete account',
    path: '/settings',
    shows: /^Type/,
    open: press('Delete Account'),
    of: ['features/settings/delete-account-dialog.tsx'],
  },
  {
    name: 'end session',
    path: '/settings?tab=security',
    shows: 'End this session?',
    open: press(/^End session/),
    of: ['features/settings/sessions-card.tsx'],
  },
  {
    name: 'training defaults',
    path: '/settings?tab=cluster',
    shows: 'As the server has it',
    open: list('Default GPU type'),
    of: ['features/settings/defaults-card.tsx'],
  },
  {
    name: 'create key',
    path: '/settings?tab=keys',
    shows: 'Create Key',
    open: press('Create API Key'),
    of: ['features/settings/key-dialog.tsx'],
  },
  {
    name: 'revoke key',
    path: '/settings?tab=keys',
    shows: 'Revoke this API key?',
    open: press(/^Revoke nightly/),
    of: ['features/settings/keys-card.tsx'],
  },
  {
    name: 'create webhook',
    path: '/settings?tab=webhooks',
    shows: 'Kinds that are sent',
    open: press('Create Webhook'),
    of: ['features/settings/webhook-dialog.tsx'],
  },
  {
    name: 'webhook deliveries',
    path: '/settings?tab=webhooks',
    shows: 'Delivery Log',
    open: press(/^(Delivery )?Log/),
    of: ['features/settings/deliveries-dialog.tsx'],
  },
  {
    name: 'delete webhook',
    path: '/settings?tab=webhooks',
    shows: 'Delete this webhook?',
    open: press(/^Delete/),
    of: ['features/settings/webhooks-card.tsx'],
  },
];

const otherStates = (_: World): State[] => [
  { name: 'dashboard', path: '/', shows: 'Recent Activity' },
  { name: 'costs', path: '/costs', shows: 'One', open: (page) => page.getByText('The chart as a table').click() },
  { name: 'costs range', path: '/costs', shows: 'All time', open: list('Range'), of: ['features/costs/filters.tsx'] },
  {
    name: 'costs chosen days',
    path: '/costs?range=custom&from=2020-01-01&to=2020-01-31',
    shows: 'No costs in this time',
  },
  { name: 'notifications', path: '/notifications', shows: /One|Unlucky/ },
  {
    name: 'panel notifications',
    path: '/models',
    shows: 'View All Notifications',
    open: press(/^Notifications/),
    of: ['features/shell/notifications.tsx'],
  },
  {
    name: 'popover costs',
    path: '/models',
    shows: 'Monthly Costs',
    open: press(/^Costs this month/),
    of: ['features/shell/cost-tracker.tsx'],
  },
  {
    name: 'account menu',
    path: '/models',
    shows: 'Sign Out',
    open: press(/^Account of/),
    of: ['features/shell/user-menu-items.tsx'],
  },
  { name: 'admin users', path: '/admin/users', shows: 'Alan Turing' },
  {
    name: 'admin user',
    path: '/admin/users',
    shows: 'May log in',
    open: press('Edit Alan Turing'),
    of: ['features/admin/users/user-dialog.tsx'],
  },
  {
    name: 'admin user menu',
    path: '/admin/users',
    shows: 'Password Reset Link',
    open: press('More about Alan Turing'),
    of: ['features/admin/users/user-row.tsx'],
  },
  {
    name: 'admin reset link',
    path: '/admin/users',
    shows: 'Make the Link',
    open: both(press('More about Alan Turing'), (page) =>
      page.getByRole('menuitem', { name: 'Password Reset Link' }).click(),
    ),
    of: ['features/admin/users/reset-link-dialog.tsx'],
  },
  { name: 'admin invitations', path: '/admin/invitations', shows: 'alan@example.org' },
  {
    name: 'admin invite',
    path: '/admin/invitations',
    shows: 'Make Invitation',
    open: press('Invite Somebody'),
    of: ['features/admin/invitations/invite-dialog.tsx'],
  },
  {
    name: 'admin revoke invitation',
    path: '/admin/invitations',
    shows: 'Revoke this invitation?',
    open: press(/^Revoke/),
    of: ['features/admin/invitations/invitations-page.tsx'],
  },
  { name: 'admin instances', path: '/admin/instances', shows: 'Instances and Rates' },
  {
    name: 'admin instance',
    path: '/admin/instances',
    shows: 'Rate',
    open: press(/^Edit/),
    of: ['features/admin/instances/instance-dialog.tsx'],
  },
  {
    name: 'admin audit',
    path: '/admin/audit',
    shows: 'Audit Log',
    open: (page) => page.getByRole('list', { name: 'Lines' }).locator('summary, button').first().click(),
  },
];

/** What somebody sees for whom everything has happened. */
export const full: Record<string, (world: World) => State[]> = {
  'data sets': datasetStates,
  training: trainingStates,
  models: modelStates,
  settings: settingsStates,
  'the rest': otherStates,
};

/** What is seen while one job runs and another waits. */
export const live = (running: string, queued: string): State[] => [
  { name: 'dashboard active', path: '/', shows: 'Long run' },
  { name: 'jobs active', path: '/training/jobs', shows: 'Long run' },
  { name: 'jobs queued', path: '/training/jobs?tab=queued', shows: 'Waiting run' },
  { name: 'monitor running', path: `/training/jobs/${running}`, shows: 'Live updates: Connected' },
  { name: 'monitor queued', path: `/training/jobs/${queued}`, shows: /in the Queue/i },
  {
    name: 'popover active',
    path: '/models',
    shows: 'Active Training Jobs',
    open: press(/^Training: \d active/),
    of: ['features/shell/active-jobs.tsx'],
  },
  {
    name: 'cancel',
    path: `/training/jobs/${running}`,
    shows: 'Confirm Cancellation',
    open: press('Cancel Job'),
    of: ['features/monitor/cancel-dialog.tsx'],
  },
  {
    name: 'cancel with a reason',
    path: `/training/jobs/${running}`,
    shows: 'Confirm Cancellation',
    open: both(press('Cancel Job'), (page) => page.getByRole('radio', { name: 'No longer needed' }).click()),
    of: ['features/monitor/cancel-dialog.tsx'],
  },
];
