import type { AuditRecord } from './audit-record.ts';

/** Records of what an intruder does once there (audit-documentation, specs/messages/message-dictionary.csv, as of 2026-11). */
const telling = new Set([
  'ADD_USER',
  'DEL_USER',
  'ADD_GROUP',
  'DEL_GROUP',
  'USER_MGMT',
  'GRP_MGMT',
  'USER_CHAUTHTOK',
  'GRP_CHAUTHTOK',
  'ACCT_LOCK',
  'ACCT_UNLOCK',
  'USER_CMD',
]);

/** What someone did, and the program by which: what a log of syslog says of the same is found by it. */
export interface AuditedAction {
  program: string;
  what: string;
}

/** The action that a record reports; null for any other record, and for what failed. */
export function auditAction({ type, fields, names }: AuditRecord): AuditedAction | null {
  if (type === 'CONFIG_CHANGE') return configuration(fields);
  if (!telling.has(type) || !/^(?:success|yes|1)$/.test(fields.get('res') ?? '')) return null;
  const path = fields.get('exe') ?? '';
  const program = path.slice(path.lastIndexOf('/') + 1) || type.toLowerCase();
  const number = fields.get('auid');
  const by = number === undefined || number === '4294967295' ? '' : (names.get('AUID') ?? `uid ${number}`);
  const id = fields.get('id');
  const account = fields.get('acct') ?? names.get('ID') ?? (id === undefined ? '' : `uid ${id}`);
  const group = fields.get('grp') ?? '';
  const done =
    type === 'USER_CMD'
      ? [`COMMAND=${fields.get('cmd') ?? ''}`, account === '' ? '' : `as ${account}`]
      : [fields.get('op') ?? type, account, group === '' ? '' : `group ${group}`];
  const words = [...done, by === '' ? '' : `by ${by}`, '(audit)'].filter((word) => word !== '');
  return { program, what: `${program}: ${words.join(' ')}` };
}

/** Auditing that was turned off, or a rule of it that was taken away. */
function configuration(fields: AuditRecord['fields']): AuditedAction | null {
  const [op = '', enabled, key = ''] = [fields.get('op'), fields.get('audit_enabled'), fields.get('key')];
  if (enabled === '0') return { program: 'audit', what: 'audit: auditing turned off (audit)' };
  if (op !== 'remove_rule') return null;
  return { program: 'audit', what: `audit: rule removed${key === '' ? '' : ` ${key}`} (audit)` };
}
