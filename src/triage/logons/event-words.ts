import type { Made } from '../../documents/triage.ts';
import { printable, withUnseen } from '../../text/printable.ts';
import { failureCode, failureMeaning } from './failure-codes.ts';

/** The parts of a security event that a sentence about it is made of; "" where the event has none. */
export interface EventParts {
  eventId: number;
  /** TargetUserName */
  account: string;
  address: string;
  logonType: string;
  status: string;
  subStatus: string;
  /** SubjectUserName: who did it. */
  subject: string;
  /** The account that was added to a group, by name or SID; of a new account (4720) its SID. */
  member: string;
  /** The service, the task. */
  thing: string;
}

/** Names of logon types, from Microsoft's description of event 4624. */
const logonTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '2': 'interactive',
    '3': 'network',
    '4': 'batch',
    '5': 'service',
    '7': 'unlock',
    '8': 'network, clear text',
    '9': 'new credentials',
    '10': 'remote desktop',
    '11': 'cached',
  }),
);

/** "type 10, remote desktop"; "" when the event has no type. */
export function logonTypeWords(type: string): string {
  if (type === '') return '';
  const name = logonTypes.get(type);
  return name === undefined ? `type ${type}` : `type ${type}, ${name}`;
}

function named(value: string, otherwise: string): string {
  return value === '' || value === '-' ? otherwise : withUnseen(value);
}

/** An account, service or scheduled task that an event says was made; undefined for every other event. */
export function madeBy({ eventId, account, thing }: EventParts): Made | undefined {
  const made = (kind: Made['kind'], name: string): Made | undefined => {
    const shown = printable(named(name.trim(), ''), 256);
    return shown === '' ? undefined : { kind, name: shown };
  };
  switch (eventId) {
    case 4720:
      return made('account', account);
    case 4697:
    case 7045:
      return made('service', thing);
    case 4698:
      return made('scheduled task', thing);
    default:
      return undefined;
  }
}

/**
 * What an event says, in one line. The names in it are the log's, with letters that cannot be seen by their number; the caller that draws
 * them makes them printable.
 */
export function eventWords(parts: EventParts): string {
  const by = named(parts.subject, 'someone');
  const account = named(parts.account, 'an account');
  const thing = named(parts.thing, '');
  const from = named(parts.address, 'an address that was not recorded');
  const type = logonTypeWords(parts.logonType);
  switch (parts.eventId) {
    case 104:
      return `${thing === '' ? 'a log' : `${thing} log`} cleared by ${by}`;
    case 1102:
      return `security log cleared by ${by}`;
    case 4624:
      return `logon of ${account} from ${from}${type === '' ? '' : ` (${type})`}`;
    case 4625:
      return `failed logon of ${account} from ${from}: ${failureMeaning(failureCode(parts.status, parts.subStatus)).meaning}`;
    case 4768:
    case 4771:
    case 4776: {
      const reason = failureMeaning(failureCode(parts.status, parts.subStatus)).meaning;
      return `${parts.eventId === 4776 ? 'NTLM' : 'Kerberos'}: ${account} from ${from}: ${parts.status.endsWith(':0x0') ? 'ticket granted' : reason}`;
    }
    case 4825:
      return `Remote Desktop denied to ${account} from ${from}`;
    case 4672:
      return `special privileges for ${by}`;
    case 4697:
      return `service ${thing} installed by ${by}`.replace('  ', ' ');
    case 4698:
      return `scheduled task ${thing} created by ${by}`.replace('  ', ' ');
    case 4719:
      return `audit policy changed by ${by}`;
    case 4720:
      return `account ${account} created by ${by}`;
    case 4722:
      return `account ${account} enabled by ${by}`;
    case 4724:
      return `password of ${account} set by ${by}`;
    case 4726:
      return `account ${account} deleted by ${by}`;
    case 4728:
    case 4732:
    case 4756:
      return `${named(parts.member, 'a member')} added to ${account} by ${by}`;
    case 7045:
      return `service ${thing || '(unnamed)'} installed`;
    default:
      return `event ${parts.eventId} by ${by}`;
  }
}
