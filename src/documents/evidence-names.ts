import type { EvidenceName, Posture } from './triage.ts';

const posture: Record<keyof Posture, true> = {
  alerts: true,
  secureScore: true,
  recommendations: true,
  jit: true,
  identity: true,
  software: true,
  backup: true,
  firewall: true,
  activity: true,
};

/** The names of the posture's facts, in the order of the document. */
export const postureNames = Object.keys(posture) as (keyof Posture)[];

/** What each kind of evidence is called in a sentence. */
export const evidenceNames: Record<EvidenceName, string> = {
  exposure: 'exposed ports',
  logons: 'failed logons',
  patches: 'patches',
  installations: 'installed updates',
  knownExploited: 'known exploited vulnerabilities',
  alerts: 'Defender alerts',
  secureScore: 'Secure Score',
  recommendations: 'recommendations',
  jit: 'just-in-time access',
  identity: 'identity',
  software: 'software',
  backup: 'backup',
  firewall: 'Azure Firewall',
  activity: 'changes in Azure',
};
