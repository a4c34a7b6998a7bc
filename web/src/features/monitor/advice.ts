/** What can be changed after a failure, by its code: what to do first stands first. A code that is not listed has no advice of its own. */
const LESS_MEMORY = [
  'Halve the batch size and double the gradient accumulation: the result is the same, with less memory.',
  'Lower the maximum sequence length or the rank.',
  'Choose a machine with more memory, or wait until other jobs have ended.',
];
const ANOTHER_DATASET = [
  'Look at the findings of the dataset: they name the lines at fault and how to mend them.',
  'Upload the mended file as a new dataset and train on that.',
];
const LATER = ['Retry: this happens to machines, not to settings.', 'If it comes back, read the log below.'];
const INSTALLATION = ['Ask whoever runs this server: its base models or its disk want attention.', 'Then retry.'];

const LOWER_RATE = [
  'Lower the learning rate, for example to a tenth.',
  'Raise the warm-up, and keep gradient clipping at 1.',
  'Look for odd characters or very long answers in the dataset.',
];

const ADVICE: Record<string, string[]> = {
  out_of_memory: LESS_MEMORY,
  trainer_killed: LESS_MEMORY,
  device_out_of_memory: LESS_MEMORY,
  rehearsal_failed: ['Configure the job anew and change the setting that the reason names.', ...LESS_MEMORY],
  loss_not_finite: LOWER_RATE,
  loss_exploded: LOWER_RATE,
  no_trainable_examples: [
    'Raise the maximum sequence length, so that the answers are not cut off.',
    ...ANOTHER_DATASET,
  ],
  dataset_missing: [
    'Restore the dataset if it was deleted, then retry.',
    'Else upload the file again and configure a new job.',
  ],
  dataset_unreadable: ANOTHER_DATASET,
  dataset_changed: [
    'Upload the file again: what is stored is no longer what was checked.',
    'Retry if it was only damaged on the way.',
  ],
  invalid_config: ['Configure the job anew: these settings do not go together.'],
  no_chat_template: ['Choose another base model: this one says nothing about how chats are written.'],
  chat_template_rewrites_turns: ['Choose another base model: this one rewrites earlier turns.'],
  chat_template_failed: ['Choose another base model: its way to write chats cannot be used on this dataset.'],
  base_model_invalid: INSTALLATION,
  tokenizer_invalid: INSTALLATION,
  disk_full: INSTALLATION,
  io_error: INSTALLATION,
  checkpoint_unreadable: ['Configure the job anew: it then starts from the first step.'],
  invalid_artifacts: ['Configure the job anew, with fewer epochs or a lower learning rate.'],
  run_failed: [
    'Look at the reason above and at the log below: mostly something outside of the settings is at fault.',
    'Then retry.',
  ],
  run_lost: LATER,
  trainer_died: LATER,
  cluster_error: LATER,
  not_launchable: INSTALLATION,
};

export function adviceFor(code: string | undefined): string[] {
  return (code && ADVICE[code]) || [];
}
