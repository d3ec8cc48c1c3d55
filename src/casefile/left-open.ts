import type { Entry } from '../documents/transcript.ts';
import type { IntentBody } from './bodies.ts';
import { readBody } from './bodies.ts';

/** Something that a request of the case opened in Azure, or may have, and no later one is known to have ended. */
export interface LeftOpen {
  /** The execution of the step, and the intent of the request. */
  record: string;
  intent: string;
  /** One clause: "web01-os-… may be read by a signed address, until 2026-11-23T06:25:00Z at the latest". */
  text: string;
}

interface Sent {
  intent: IntentBody;
  at: string;
  /** The resource, without what is done with it; lower case. */
  id: string;
  name: string;
  /** "POST beginGetAccess", "PUT runCommands" */
  kind: string;
}

/** What one kind of request opens, said of what it was sent for, and which later one ends it. */
interface Opening {
  opens(sent: Sent): string | null;
  ends(sent: Sent): boolean;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
const policyOf = ({ intent }: Sent): string =>
  String(field(field(intent.request.body, 'properties'), 'networkAccessPolicy') ?? '').toLowerCase();
const groupOf = ({ intent }: Sent): string => {
  const group = field(field(intent.request.body, 'properties'), 'networkSecurityGroup');
  return (
    String(field(group, 'id') ?? '')
      .split('/')
      .at(-1) ?? ''
  );
};

/** The end of access that was asked for with a duration in seconds; "" where the record does not have it. */
function accessUntil({ intent, at }: Sent): string {
  const seconds = Number(field(intent.request.body, 'durationInSeconds'));
  const end = new Date(Date.parse(at) + seconds * 1000);
  return Number.isNaN(end.getTime()) ? '' : `, until ${end.toISOString()} at the latest`;
}

const openings: readonly Opening[] = [
  {
    opens: (sent) =>
      sent.kind === 'POST beginGetAccess' ? `${sent.name} may be read by a signed address${accessUntil(sent)}` : null,
    ends: ({ kind }) => kind === 'POST endGetAccess',
  },
  {
    opens: (sent) =>
      sent.kind === 'PATCH snapshots' && policyOf(sent) === 'allowall' ? `${sent.name} may be open to export` : null,
    ends: (sent) => sent.kind === 'PATCH snapshots' && policyOf(sent) === 'denyall',
  },
  {
    opens: ({ kind, name }) =>
      kind === 'PUT runCommands' ? `the run command ${name} may be there, and its script run in the guest` : null,
    ends: ({ kind }) => kind === 'DELETE runCommands',
  },
  {
    opens: (sent) =>
      sent.kind === 'PUT networkInterfaces' && groupOf(sent).startsWith('cordon-')
        ? `${sent.name} may be behind ${groupOf(sent)}`
        : null,
    ends: (sent) => sent.kind === 'PUT networkInterfaces' && !groupOf(sent).startsWith('cordon-'),
  },
  {
    opens: ({ kind, id }) => (kind === 'PUT locks' ? `${id.split('/').at(-5)} may have a management lock` : null),
    ends: ({ kind }) => kind === 'DELETE locks',
  },
  {
    opens: ({ kind, name }) => (kind === 'POST deallocate' ? `${name} may be switched off` : null),
    ends: ({ kind }) => kind === 'POST start',
  },
  {
    opens: ({ kind }) => (kind === 'POST initiate' ? 'just-in-time access may be open until the time asked for' : null),
    ends: () => false,
  },
];

/** A part of an address without its percent signs; as it is written where these say nothing. */
export function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function sentBy(intent: IntentBody, at: string): Sent | null {
  const { method, url } = intent.request;
  if (!URL.canParse(url)) return null;
  const parts = new URL(url).pathname.split('/').map(decodedPart);
  const verb = method === 'POST' ? (parts.pop() ?? '') : '';
  return {
    intent,
    at,
    id: parts.join('/').toLowerCase(),
    name: parts.at(-1) ?? '',
    kind: `${method} ${method === 'POST' ? verb : (parts.at(-2) ?? '')}`,
  };
}

/**
 * What the requests of a case left open in Azure, as far as its entries show it: one that was refused opened nothing, one whose
 * outcome is not known may have, and only one that was done ends anything.
 */
export function leftOpen(entries: readonly Entry[]): LeftOpen[] {
  const outcomes = new Map<string, boolean | null>();
  for (const { kind, body } of entries) {
    if (kind === 'outcome' && typeof body.intent === 'string') {
      outcomes.set(body.intent, typeof body.ok === 'boolean' ? body.ok : null);
    }
  }
  const open = new Map<string, LeftOpen>();
  for (const entry of entries) {
    const intent = entry.kind === 'intent' ? readBody(entry, 'intent') : null;
    const sent = intent === null ? null : sentBy(intent, entry.at);
    if (intent === null || sent === null) continue;
    const ok = outcomes.get(intent.id) ?? null;
    for (const [index, opening] of openings.entries()) {
      const key = `${index} ${sent.id}`;
      const text = ok === false ? null : opening.opens(sent);
      if (text !== null) open.set(key, { record: String(entry.body.record ?? ''), intent: intent.id, text });
      else if (ok === true && opening.ends(sent)) open.delete(key);
    }
  }
  return [...open.values()];
}
