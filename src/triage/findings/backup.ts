import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

const dayMs = 86_400_000;

/** Azure Backup. */
export const backupRules: Rule[] = [
  {
    id: 'backup-deleted',
    when: 'The backup was deleted, and the vault still keeps it',
    severities: { critical: 'always: it is gone for good when the time is up' },
    reads: ['backup'],
    practice: 11,
    attack: ['T1490'],
    playbook: 'undelete-backup',
    judge({ backup }) {
      const known = knownValue(backup);
      if (!known?.softDeleted) return null;
      return {
        severity: 'critical',
        title: `its backup in ${printable(known.vaultName, 60)} was deleted, and is gone for good in ${printable(known.softDeleted.remaining, 40)}: undelete it now`,
        evidence: ['posture.backup.softDeleted'],
      };
    },
  },
  {
    id: 'no-backup',
    when: 'No backup, never backed up, stopped, or the newest point is three days old or older',
    severities: { medium: 'none at all, or stopped', low: 'an old one' },
    reads: ['backup'],
    practice: 11,
    attack: ['T1490'],
    playbook: 'trigger-backup',
    judge({ backup, now }) {
      const known = knownValue(backup);
      // A deleted one has a finding of its own, and what is kept of it is no old point to rely on.
      if (!known || known.softDeleted) return null;
      const evidence = ['posture.backup'];
      const vault = printable(known.vaultName, 60);
      if (!known.protected) return { severity: 'medium', title: 'this VM has no backup', evidence };
      if (/^(irpending)$/i.test(known.state) || (known.lastBackupAt === null && known.lastPointAt === null))
        return { severity: 'medium', title: `protected in ${vault}, but never backed up`, evidence };
      if (/stopped|suspended|paused/i.test(known.state))
        return { severity: 'medium', title: `its backup in ${vault} was stopped; old points are kept`, evidence };
      const last = known.lastPointAt ?? known.lastBackupAt;
      if (last === null) return null;
      const days = Math.floor((now.getTime() - Date.parse(last)) / dayMs);
      if (days < 3) return null;
      const failing = /failed/i.test(known.lastBackupStatus) ? '; backups have failed since' : '';
      return {
        severity: 'low',
        title: `last recovery point ${days} days ago (${last.slice(0, 10)})${failing}`,
        evidence,
      };
    },
  },
  {
    id: 'no-point-before-attack',
    when: 'No recovery point is from before the first thing that an attacker is known to have done',
    severities: { high: 'always: there is no known good state to go back to' },
    reads: ['backup'],
    weighs: ['logons', 'alerts'],
    practice: 11,
    attack: ['T1490'],
    playbook: '',
    judge({ backup }) {
      const known = knownValue(backup);
      const lastGood = known?.protected ? knownValue(known.lastGood) : null;
      if (!lastGood || lastGood.point !== null) return null;
      return {
        severity: 'high',
        title: `no recovery point is from before ${lastGood.before.slice(0, 16).replace('T', ' ')}Z (${printable(lastGood.event, 120)})`,
        evidence: ['posture.backup.lastGood', 'posture.backup.points'],
      };
    },
  },
  {
    id: 'good-point-expires',
    when: 'Retention deletes the last point from before the attack within seven days',
    severities: { high: 'within two days', medium: 'within seven' },
    reads: ['backup'],
    practice: 11,
    attack: ['T1490'],
    playbook: '',
    judge({ backup, now }) {
      const known = knownValue(backup);
      const point = known?.protected ? knownValue(known.lastGood)?.point : null;
      if (!point?.expiresAt) return null;
      const days = (Date.parse(point.expiresAt) - now.getTime()) / dayMs;
      if (days > 7) return null;
      return {
        severity: days <= 2 ? 'high' : 'medium',
        title: `the last recovery point from before the attack (${point.at.slice(0, 10)}) is kept only until ${point.expiresAt.slice(0, 10)}: stop protection with its data retained, or restore it elsewhere`,
        evidence: ['posture.backup.lastGood'],
      };
    },
  },
  {
    id: 'backup-can-be-deleted',
    when: 'The vault lets anyone who may change it delete backups for good: no soft delete, or no locked immutability and no second person',
    severities: { high: 'soft delete is off', low: 'it is on, but can be switched off by one person' },
    reads: ['backup'],
    practice: 11,
    attack: ['T1490', 'T1485'],
    playbook: '',
    judge({ backup }) {
      const known = knownValue(backup);
      const security = known?.protected ? knownValue(known.vaultSecurity) : null;
      if (!known || !security) return null;
      const vault = printable(known.vaultName, 60);
      const evidence = ['posture.backup.vaultSecurity'];
      if (/^disabled$/i.test(security.softDelete)) {
        return {
          severity: 'high',
          title: `soft delete is off in ${vault}: a deleted backup is gone at once`,
          evidence,
        };
      }
      const kept = /^alwayson$/i.test(security.softDelete) || /^locked$/i.test(security.immutability);
      if (kept || /^enabled$/i.test(security.multiUserAuthorization) || security.softDelete === '') return null;
      return {
        severity: 'low',
        title: `one person can switch off soft delete in ${vault} and delete the backups`,
        evidence,
        unknown: [
          'whether soft delete can still be switched off: Azure enforces it for Recovery Services vaults (14 to 180 days, since 2025-11), and its page does not say for which ones yet',
          ...(security.immutability === '' ? ['immutability of the vault: Azure does not report'] : []),
        ],
      };
    },
  },
];
