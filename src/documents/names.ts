/** The documents whose JSON Schema `cordon schema` prints. */
export const documentNames = [
  'triage',
  'scan',
  'plan',
  'plans',
  'run',
  'runs',
  'transcript',
  'doctor',
  'kql',
  'detect',
  'evtx',
  'conclusion',
  'incident',
] as const;
export type DocumentName = (typeof documentNames)[number];
