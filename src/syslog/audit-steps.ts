import { ownCopy } from '../text/own-copy.ts';
import { type AuditedStep, isSshd } from '../triage/logons/audit-logons.ts';
import type { AuditRecord } from './audit-record.ts';

const steps = new Set(['USER_AUTH', 'USER_ACCT', 'USER_LOGIN', 'USER_START']);
const unset = '4294967295';

/** Programs that ask one who is there already, or nobody at all: a session, a lock screen, a change of a password. */
const local =
  /^(?:sudo|sudo-rs|su|su-l|runuser|doas|pkexec|polkit.*|crond?|anacron|atd|at|systemd|systemd-.*|passwd|chsh|chfn|chage|newgrp|sg|gpasswd|user(?:add|mod|del)|group(?:add|mod|del)|unix_chkpwd|.*screensaver.*|kcheckpass|kscreenlocker.*|swaylock|i3lock|slock|vlock)$/;
/** Programs that let someone in at the machine itself, without an address. */
const atTheMachine = /^(?:login|gdm.*|lightdm|sddm.*|xdm|xrdp-sesman|cockpit-session|sshd(?:-session|-auth)?)$/;
const baseOf = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

/** sshd's words where there is no such account or it may not log on, before a name was given, and for none (audit-linux.c). */
const invalidUser = '(invalid user)';
const hiding = new Set([invalidUser, '(unknown user)', '(unknown)', '?', '']);

/** "203.0.113.9"; "" for `?`, which is none. A host's name counts where the program is asked from elsewhere alone. */
function addressOf({ fields }: AuditRecord, program: string): string {
  const [addr = '?', hostname = '?'] = [fields.get('addr'), fields.get('hostname')];
  if (addr !== '?' && addr !== '') return addr;
  // For others audit writes the name of the computer itself.
  return isSshd(program) && hostname !== '?' ? hostname : '';
}

/** Did it succeed? Programs write "success", the kernel 1 or "yes". */
const succeeded = ({ fields }: AuditRecord): boolean => /^(?:success|yes|1)$/.test(fields.get('res') ?? '');

/** What a record of that computer says of a logon; null where that is nothing. */
export function auditedStep(record: AuditRecord, computer: string): AuditedStep | null {
  const { type, fields, names } = record;
  if (!steps.has(type)) return null;
  const program = fields.get('exe') ?? '';
  const base = baseOf(program);
  const address = addressOf(record, program);
  if (local.test(base) || (address === '' && !atTheMachine.test(base))) return null;
  const named = fields.get('acct') ?? '';
  const session = fields.get('ses') ?? '';
  const number = fields.get('id');
  return {
    at: record.at,
    computer,
    processId: Number(fields.get('pid') ?? 0) || 0,
    type,
    op: ownCopy(fields.get('op') ?? ''),
    account: ownCopy(hiding.has(named) ? (names.get('ID') ?? (number === undefined ? '' : `uid ${number}`)) : named),
    invalid: named === invalidUser,
    address: ownCopy(address),
    program: ownCopy(program),
    session: session === unset ? '' : ownCopy(session),
    ok: succeeded(record),
  };
}
