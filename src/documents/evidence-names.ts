import type { EvidenceName } from './triage.ts';

/** The name of a kind of evidence as words: "patches", "known exploited" for `knownExploited`. */
export function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Kinds of evidence that a sentence calls otherwise than their name in the document does. */
const called: { readonly [K in EvidenceName]?: string } = {
  exposure: 'exposed ports',
  logons: 'failed logons',
  installations: 'installed updates',
  knownExploited: 'known exploited vulnerabilities',
  alerts: 'Defender alerts',
  secureScore: 'Secure Score',
  jit: 'just-in-time access',
  firewall: 'Azure Firewall',
  activity: 'changes in Azure',
};
const byName = new Map<string, string>(Object.entries(called));

/** The words for evidence in a sentence, by its name in the document or in a case. */
export function evidenceName(name: string): string {
  return byName.get(name) ?? inWords(name);
}
