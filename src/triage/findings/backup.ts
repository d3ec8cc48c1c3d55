import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Azure Backup. */
export const backupRules: Rule[] = [
  {
    id: 'no-backup',
    when: 'No backup, never backed up, or the last backup is three days old or older',
    severities: { medium: 'none at all', low: 'an old one' },
    reads: ['backup'],
    practice: 11,
    attack: ['T1490'],
    playbook: 'trigger-backup',
    judge({ backup, now }) {
      const known = knownValue(backup);
      if (!known) return null;
      if (!known.protected)
        return { severity: 'medium', title: 'this machine has no backup', evidence: ['posture.backup'] };
      if (!known.lastBackupAt)
        return {
          severity: 'medium',
          title: `protected in ${printable(known.vaultName, 60)}, but never backed up`,
          evidence: ['posture.backup'],
        };
      const days = Math.floor((now.getTime() - Date.parse(known.lastBackupAt)) / 86_400_000);
      if (days < 3) return null;
      return {
        severity: 'low',
        title: `last backup ${days} days ago (${known.lastBackupAt.slice(0, 10)})`,
        evidence: ['posture.backup'],
      };
    },
  },
];
