/** The kinds of statements that a verdict makes of a VM, in the order in which they are read. */
export const verdictKinds = [
  'compromised',
  'left behind',
  'spreading',
  'opened by',
  'attacked',
  'exposed',
  'unpatched',
  'not known',
] as const;
export type VerdictKind = (typeof verdictKinds)[number];
