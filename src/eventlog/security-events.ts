import type { EventParts } from '../triage/logons/event-words.ts';
import type { LogonEvent } from '../triage/logons/events.ts';
import { type Ticks, ticksOf } from '../triage/logons/ticks.ts';
import { type Chunk, recordHead } from './chunk.ts';
import { type EventRecord, readEvent } from './event.ts';
import { type Fragment, indexOf, type Part } from './fragment.ts';
import type { VisitRecord } from './log-file.ts';
import { type Instance, newInstance } from './templates.ts';
import { Texts } from './texts.ts';
import { valueText, valueType } from './values.ts';

/** An event of the Security log about a logon, or about what an intruder does after one. */
export interface SecurityEvent extends LogonEvent {
  channel: string;
  /** ProcessName: the program that asked for the logon. `process` is LogonProcessName. */
  processName: string;
  /** SubjectLogonId: the session that did it. */
  session: string;
  subject: string;
  member: string;
  thing: string;
  /** Do the checksums of the chunk that holds it hold? */
  verified: boolean;
}

/** The parts of an event that its sentence is made of. */
export function partsOf(event: SecurityEvent): EventParts {
  const { eventId, account, address, status, subStatus, subject, member, thing } = event;
  return {
    eventId,
    account,
    address,
    logonType: event.logonType === null ? '' : String(event.logonType),
    status,
    subStatus,
    subject,
    member,
    thing,
  };
}

const auditing = 'Microsoft-Windows-Security-Auditing';

/**
 * The events that are read, with the provider that writes them: other providers have events of the same numbers (4625 of
 * EventSystem in the Application log).
 */
const providers: Readonly<Record<number, string>> = {
  1102: 'Microsoft-Windows-Eventlog',
  4624: auditing,
  4625: auditing,
  4672: auditing,
  4697: auditing,
  4698: auditing,
  4720: auditing,
  4728: auditing,
  4732: auditing,
  7045: 'Service Control Manager',
};
const channels: Readonly<Record<number, string>> = { 7045: 'System' };

const wanted = new Uint8Array(0x10000);
for (const id of Object.keys(providers)) wanted[Number(id)] = 1;

/** The fields that are read of EventData, in the order of `SecurityEvents.#value`. */
const names = [
  'TargetUserName',
  'TargetDomainName',
  'IpAddress',
  'WorkstationName',
  'LogonType',
  'Status',
  'SubStatus',
  'LogonProcessName',
  'ProcessName',
  'TargetLogonId',
  'SubjectLogonId',
  'SubjectUserName',
  'MemberName',
  'MemberSid',
  'TaskName',
  'ServiceName',
] as const;
type Name = (typeof names)[number];

/** Where a fragment has what the fast way needs: numbers of substitutions, -1 for what it does not have. */
interface Plan {
  eventId: number;
  provider: readonly Part[] | undefined;
  channel: readonly Part[] | undefined;
  computer: readonly Part[] | undefined;
  time: number;
  recordId: number;
  inner: number;
  fields: Readonly<Record<Name, number>>;
}

function planOf(fragment: Fragment): Plan {
  const { system, fields } = fragment;
  const field = (name: Name) => indexOf(fields.find((one) => one.name === name)?.parts);
  return {
    eventId: indexOf(system.get('EventID')),
    provider: system.get('Provider@Name'),
    channel: system.get('Channel'),
    computer: system.get('Computer'),
    time: indexOf(system.get('TimeCreated@SystemTime')),
    recordId: indexOf(system.get('EventRecordID')),
    inner: fragment.inner[0] ?? -1,
    fields: Object.fromEntries(names.map((name) => [name, field(name)])) as Record<Name, number>,
  };
}

// 2015-01-01 as FILETIME, in two halves: a number holds no FILETIME exactly, but the differences of its halves.
const epoch = 130_645_440_000_000_000n;
const epochHigh = Number(epoch >> 32n);
const epochLow = Number(epoch & 0xffffffffn);

function ticksAt(view: DataView, at: number): Ticks {
  return (view.getUint32(at + 4, true) - epochHigh) * 2 ** 32 + (view.getUint32(at, true) - epochLow);
}

/**
 * Picks the events of logons out of the records of event logs, and hands each to `take`. Of all other events it looks at
 * the number alone, through the template's values, before anything is rendered.
 */
export class SecurityEvents {
  readonly #take: (event: SecurityEvent) => void;
  readonly #texts = new Texts();
  readonly #plans = new Map<Fragment, Plan>();
  readonly #codes = new Map<number, string>();
  /** Times of the first and the last record of any kind whose checksums hold. */
  first: Ticks | null = null;
  last: Ticks | null = null;
  readonly #outer = newInstance();
  readonly #inner = newInstance();

  constructor(take: (event: SecurityEvent) => void) {
    this.#take = take;
  }

  readonly visit: VisitRecord = (chunk, templates, at, size, verified) => {
    const limit = at + size - 4;
    let from = at + recordHead;
    if (chunk.bytes[from] === 0x0f) from += 4;
    if (chunk.bytes[from] !== 0x0c) {
      this.#whole(readEvent(chunk, templates, at, size, verified));
      return;
    }
    const outer = templates.read(chunk, from, limit, this.#outer);
    const plan = this.#plan(outer.fragment);
    if (plan.eventId < 0 || plan.inner < 0 || plan.time < 0) {
      this.#whole(readEvent(chunk, templates, at, size, verified));
      return;
    }
    if (verified) this.#span(ticksAt(chunk.view, outer.places[plan.time] ?? 0));
    const eventId = plan.eventId < outer.count ? chunk.view.getUint16(outer.places[plan.eventId] ?? 0, true) : 0;
    if (wanted[eventId] !== 1) return;
    if (this.#text(chunk, outer, plan.provider) !== providers[eventId]) return;
    const channel = this.#text(chunk, outer, plan.channel);
    if (channel !== (channels[eventId] ?? 'Security')) return;
    const fragment = outer.types[plan.inner] === valueType.fragment ? (outer.places[plan.inner] ?? 0) : 0;
    const inside = fragment > 0 && chunk.bytes[fragment] === 0x0f ? fragment + 4 : fragment;
    if (fragment === 0 || chunk.bytes[inside] !== 0x0c) {
      this.#whole(readEvent(chunk, templates, at, size, verified));
      return;
    }
    const inner = templates.read(chunk, inside, outer.places[plan.inner + 1] ?? 0, this.#inner);
    this.#take(this.#event(chunk, eventId, channel, outer, plan, inner, verified));
  };

  #span(at: Ticks): void {
    if (this.first === null || at < this.first) this.first = at;
    if (this.last === null || at > this.last) this.last = at;
  }

  #plan(fragment: Fragment): Plan {
    let plan = this.#plans.get(fragment);
    if (!plan) {
      plan = planOf(fragment);
      // Templates of unverified chunks are read anew each time: their plans must not pile up.
      if (this.#plans.size > 4096) this.#plans.clear();
      this.#plans.set(fragment, plan);
    }
    return plan;
  }

  #event(
    chunk: Chunk,
    eventId: number,
    channel: string,
    outer: Instance,
    plan: Plan,
    inner: Instance,
    verified: boolean,
  ): SecurityEvent {
    const { view } = chunk;
    const { fields } = this.#plan(inner.fragment);
    const text = (name: Name) => this.#value(chunk, inner, fields[name]);
    const recordAt = outer.places[plan.recordId] ?? 0;
    const failure = eventId === 4625;
    const logon = failure || eventId === 4624;
    const member = logon ? '' : text('MemberName');
    return {
      at: ticksAt(view, outer.places[plan.time] ?? 0),
      recordId: plan.recordId < 0 ? 0 : view.getUint32(recordAt + 4, true) * 2 ** 32 + view.getUint32(recordAt, true),
      eventId,
      channel,
      computer: this.#text(chunk, outer, plan.computer),
      account: text('TargetUserName'),
      domain: text('TargetDomainName'),
      address: logon ? text('IpAddress') : '',
      workstation: logon ? text('WorkstationName') : '',
      logonType: logon ? this.#number(view, inner, fields.LogonType) : null,
      status: failure ? this.#code(chunk, inner, fields.Status) : '',
      subStatus: failure ? this.#code(chunk, inner, fields.SubStatus) : '',
      process: logon ? text('LogonProcessName') : '',
      processName: logon ? text('ProcessName') : '',
      logonId: failure ? '' : text('TargetLogonId'),
      method: '',
      session: failure ? '' : text('SubjectLogonId'),
      subject: text('SubjectUserName'),
      member: member === '-' || member === '' ? (logon ? '' : text('MemberSid')) : member,
      thing: logon ? '' : text('TaskName') || text('ServiceName'),
      verified,
    };
  }

  #text(chunk: Chunk, instance: Instance, parts: readonly Part[] | undefined): string {
    const [only] = parts ?? [];
    if (!only) return '';
    return 'text' in only ? only.text : this.#value(chunk, instance, only.value);
  }

  #value(chunk: Chunk, instance: Instance, index: number): string {
    if (index < 0 || index >= instance.count) return '';
    const at = instance.places[index] ?? 0;
    const length = (instance.places[index + 1] ?? 0) - at;
    const type = instance.types[index] ?? 0;
    return type === valueType.text ? this.#texts.at(chunk, at, length) : valueText(chunk, at, length, type);
  }

  #number(view: DataView, instance: Instance, index: number): number | null {
    if (index < 0 || index >= instance.count) return null;
    const at = instance.places[index] ?? 0;
    return (instance.places[index + 1] ?? 0) - at === 4 ? view.getUint32(at, true) : null;
  }

  #code(chunk: Chunk, instance: Instance, index: number): string {
    const number = this.#number(chunk.view, instance, index);
    if (number === null) return this.#value(chunk, instance, index);
    let code = this.#codes.get(number);
    if (code === undefined) {
      code = `0x${number.toString(16)}`;
      if (this.#codes.size < 4096) this.#codes.set(number, code);
    }
    return code;
  }

  /** The slow way, for events without templates. */
  #whole(record: EventRecord): void {
    const at = ticksOf(record.system.get('TimeCreated@SystemTime') ?? '');
    if (record.verified && at !== null) this.#span(at);
    const event = securityEventOf(record);
    if (event) this.#take(event);
  }
}

/** The security event that a whole event is; null when it is another one. */
export function securityEventOf({ system, data, verified }: EventRecord): SecurityEvent | null {
  const eventId = Number(system.get('EventID'));
  const channel = system.get('Channel') ?? '';
  if (providers[eventId] === undefined || system.get('Provider@Name') !== providers[eventId]) return null;
  if (channel !== (channels[eventId] ?? 'Security')) return null;
  const at = ticksOf(system.get('TimeCreated@SystemTime') ?? '');
  if (at === null) return null;
  const text = (name: Name) => data.find((field) => field.name === name)?.value ?? '';
  const logon = eventId === 4624 || eventId === 4625;
  const type = Number.parseInt(text('LogonType'), 10);
  const member = text('MemberName');
  return {
    at,
    recordId: Number(system.get('EventRecordID') ?? 0),
    eventId,
    channel,
    computer: system.get('Computer') ?? '',
    account: text('TargetUserName'),
    domain: text('TargetDomainName'),
    address: text('IpAddress'),
    workstation: text('WorkstationName'),
    logonType: logon && Number.isInteger(type) ? type : null,
    status: text('Status'),
    subStatus: text('SubStatus'),
    process: text('LogonProcessName'),
    processName: text('ProcessName'),
    logonId: eventId === 4625 ? '' : text('TargetLogonId'),
    method: '',
    session: eventId === 4625 ? '' : text('SubjectLogonId'),
    subject: text('SubjectUserName'),
    member: member === '-' || member === '' ? text('MemberSid') : member,
    thing: text('TaskName') || text('ServiceName'),
    verified,
  };
}
