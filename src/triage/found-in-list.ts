import type { Finding, ScanRow } from '../documents/triage.ts';
import { isManagement } from '../network/port-text.ts';
import { count, counted, listed } from '../text/counts.ts';

/** A finding as far as playbooks are chosen by it. */
export type Found = Pick<Finding, 'id' | 'severity' | 'title' | 'playbook' | 'covers' | 'closed'>;

/** What the list has of a VM that a triage reads anew. */
export type InList = 'logons' | 'exposure' | 'alerts' | 'patches' | 'backup';

/** Is a text of a port, such as "3389", "nat 50001→3389" or "1-65535", about remote administration? */
function isAdministration(text: string): boolean {
  if (text.includes('all ports')) return true;
  const [, from = '', to = from] = /(\d+)(?:[-–](\d+))?\D*$/.exec(text) ?? [];
  return from !== '' && isManagement({ protocol: 'tcp', from: Number(from), to: Number(to) });
}

/**
 * What the suspects list says of a VM whose triage is not read, as the findings that the triage is likely to make of it: the
 * attack, then the open door, then the rest. Nothing follows from what is not known, nor from what is `answered` by the triage.
 */
export function foundInList(row: ScanRow, answered: (what: InList) => boolean = () => false): Found[] {
  const found: Found[] = [];
  const burst = row.worstBurst.state === 'known' ? row.worstBurst.value : null;
  if (burst && !answered('logons')) {
    const many = `${count(burst.failures)} failed logons`;
    const playbook = 'contain-brute-force';
    found.push(
      burst.succeeded
        ? { id: 'brute-force-succeeded', severity: 'critical', title: `${many}, then a success`, playbook }
        : {
            id: 'brute-force-running',
            severity: 'high',
            title: `${many}, ${burst.succeeded === null ? 'whether one succeeded is not known' : 'no success'}`,
            playbook,
          },
    );
  }
  const ports = row.exposedPorts ?? [];
  const management = ports.filter(isAdministration);
  const open = management.length > 0 ? management : ports;
  if (open.length > 0 && !answered('exposure')) {
    const id = management.length > 0 ? 'management-port-open' : 'services-open-to-internet';
    const severity = management.length > 0 ? 'critical' : 'high';
    found.push({ id, severity, title: `${listed(open, 3)} open to the Internet`, playbook: 'lock-nsg' });
  }
  if (row.alerts && !answered('alerts')) {
    const title = counted(row.alerts, 'Defender alert');
    found.push({ id: 'defender-alerts', severity: 'medium', title, playbook: '' });
  }
  if (row.criticalPatches && !answered('patches')) {
    const title = `${counted(row.criticalPatches, 'critical update')} missing`;
    found.push({ id: 'critical-patches-missing', severity: 'medium', title, playbook: '' });
  }
  if (row.lastBackup === '' && !answered('backup')) {
    found.push({ id: 'no-backup', severity: 'medium', title: 'never backed up', playbook: 'trigger-backup' });
  }
  return found;
}
