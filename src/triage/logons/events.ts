import { accountName, domainIn, domainName } from './account-names.ts';
import { sourceAddress } from './addresses.ts';
import { failureCode } from './failure-codes.ts';
import type { Ticks } from './ticks.ts';

/** One logon, failed or not, as a log wrote it: event 4625 or 4624, or an attempt that sshd reported. */
export interface LogonEvent {
  /** TimeCreated, which is Log Analytics' TimeGenerated; not the record header's time. */
  at: Ticks;
  /** EventRecordID, which orders events of the same instant; 0 where the source has none. */
  recordId: number;
  eventId: number;
  computer: string;
  account: string;
  domain: string;
  address: string;
  /** Never part of a key: attackers make one up for each attempt. */
  workstation: string;
  logonType: number | null;
  status: string;
  subStatus: string;
  process: string;
  /** ProcessName: the program that asked for the logon; "" or absent where it is not recorded. */
  processName?: string;
  /** TargetLogonId of a success. */
  logonId: string;
  /** How sshd let it in: "password", "publickey"; "" on Windows. */
  method: string;
}

/** Of a logon that is in another log than Windows' Security log: no event, and none of the fields that only this has. */
export const noEvent = {
  recordId: 0,
  eventId: 0,
  domain: '',
  workstation: '',
  logonType: null,
  status: '',
  subStatus: '',
  process: '',
  logonId: '',
  method: '',
} as const satisfies Partial<LogonEvent>;

/**
 * Failures of one computer, address, account, code and logon type that Log Analytics counted for us: how many, and
 * the exact times of the first and the last. They lie within a minute or at one instant, or within one burst.
 */
export interface FailureBucket {
  first: Ticks;
  last: Ticks;
  failures: number;
  computer: string;
  address: string;
  account: string;
  logonType: number | null;
  /** Already chosen from Status and SubStatus, or sshd's. */
  code: string;
  /** As ProcessName of an event. */
  process?: string;
  /** TargetDomainName; "" or absent where it is not known. */
  domain?: string;
}

/** Distinct texts, each with a number from 0. */
export class Names {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const fresh = this.texts.length;
    this.#numbers.set(text, fresh);
    this.texts.push(text);
    return fresh;
  }

  /** The text's number, or -1 when it has none. */
  find(text: string): number {
    return this.#numbers.get(text) ?? -1;
  }

  text(number: number): string {
    return this.texts[number] ?? '';
  }

  get size(): number {
    return this.texts.length;
  }
}

/** Texts as they come, remembered with the number of what they mean: a flood repeats few of them. */
export class Readings {
  readonly #seen = new Map<string, number>();
  readonly #read: (text: string) => number;

  constructor(read: (text: string) => number) {
    this.#read = read;
  }

  of(text: string): number {
    const known = this.#seen.get(text);
    if (known !== undefined) return known;
    const fresh = this.#read(text);
    this.#seen.set(text, fresh);
    return fresh;
  }
}

const noType = -1;

function typeNumber(logonType: number | null): number {
  return logonType !== null && logonType >= 0 && logonType <= 127 ? logonType : noType;
}

/**
 * Failed logons in columns: 38 bytes each, whatever their number, with every text kept once. Rows stand for one
 * failure, or for `weight` of them where only a count is known of what lay between.
 */
export class FailureColumns {
  length = 0;
  time = new Float64Array(1024);
  recordId = new Float64Array(1024);
  weight = new Uint32Array(1024);
  computer = new Uint32Array(1024);
  /** Number in `addresses`, where 0 is "no address". */
  address = new Uint32Array(1024);
  /** Number in `accounts`, where 0 is "no account". */
  account = new Uint32Array(1024);
  code = new Uint16Array(1024);
  logonType = new Int8Array(1024);
  /** Number in `processes`, where 0 is "not known"; only failures without an address have one. */
  process = new Uint16Array(1024);
  /** Number in `domains`, where 0 is "not known". */
  domain = new Uint16Array(1024);
  /** 1 where the failure is in a damaged part of an event log: shown, but no proof. */
  unverified = new Uint8Array(1024);

  readonly computers = new Names();
  readonly addresses = new Names();
  readonly accounts = new Names();
  readonly codes = new Names();
  readonly processes = new Names();
  readonly domains = new Names();
  /** How the account of each number is shown. */
  readonly displays: string[] = [];

  readonly #computers = new Readings((text) => this.computers.numberOf(text.trim().toLowerCase()));
  readonly #addresses = new Readings((text) => this.addresses.numberOf(sourceAddress(text)));
  readonly #accounts = new Readings((text) => this.#account(text));
  readonly #domains = new Readings((text) => this.#domain(domainName(text)));
  readonly #typedDomains = new Readings((text) => this.#domain(domainIn(text)));
  readonly #codes = new Map<string, Map<string, number>>();
  /** Codes come from a closed set, but a forged log can hold any: past this number they are counted as one. */
  static readonly mostCodes = 4096;

  constructor() {
    this.addresses.numberOf('');
    this.accounts.numberOf('');
    this.processes.numberOf('');
    this.domains.numberOf('');
    this.displays.push('-');
  }

  /** Adds one failure. */
  addEvent(event: LogonEvent, unverified = false): void {
    if (unverified) this.#mark(this.length);
    const address = this.#addresses.of(event.address);
    this.#append(
      event.at,
      event.recordId,
      1,
      this.#computers.of(event.computer),
      address,
      this.#accounts.of(event.account),
      this.#codeOf(event.status, event.subStatus),
      typeNumber(event.logonType),
      address === 0 ? this.#process(event.processName) : 0,
      this.#domainOf(event.domain, event.account),
    );
  }

  /** Gives a failure an address that another log has of it. */
  setAddress(row: number, address: string): void {
    this.address[row] = this.#addresses.of(address);
    if (this.address[row] !== 0) this.process[row] = 0;
  }

  /** Puts the failures of a computer that has several names under one of them. */
  renameComputers(nameOf: (name: string) => string): void {
    const numbers = this.computers.texts.map((name) => this.computers.numberOf(nameOf(name).trim().toLowerCase()));
    for (let row = 0; row < this.length; row++) this.computer[row] = numbers[this.computer[row] ?? 0] ?? 0;
  }

  /** The computers that failures are of, in lower case. */
  computersOfRows(): Set<string> {
    const numbers = new Set<number>();
    for (let row = 0; row < this.length; row++) numbers.add(this.computer[row] ?? 0);
    return new Set([...numbers].map((number) => this.computers.text(number)));
  }

  /** The key by which an account is known here. */
  keyOf(account: string): string {
    return accountName(account).key;
  }

  /** Puts a failure in the place of an unverified copy of it. */
  replaceEvent(row: number, event: LogonEvent): void {
    this.addEvent(event);
    const last = this.length - 1;
    for (const column of [this.time, this.recordId, this.computer, this.address, this.account, this.code])
      column[row] = column[last] ?? 0;
    this.logonType[row] = this.logonType[last] ?? noType;
    this.process[row] = this.process[last] ?? 0;
    this.domain[row] = this.domain[last] ?? 0;
    this.unverified[row] = 0;
    this.length = last;
  }

  /**
   * Adds a bucket as failures spread evenly between its first and its last. `detail` is the burst's number of
   * failures N: a bucket of more than 2 N keeps its first and last N and one row for the rest, because what lies
   * between can neither begin nor end a burst. A bucket longer than `window`, that of a burst, lies inside of one: it
   * keeps a row for each N-th part of a window, so that no gap parts it.
   */
  addBucket(bucket: FailureBucket, detail: number, window: Ticks = Number.POSITIVE_INFINITY): void {
    const computer = this.#computers.of(bucket.computer);
    const address = this.#addresses.of(bucket.address);
    const account = this.#accounts.of(bucket.account);
    const code = this.#code(bucket.code);
    const type = typeNumber(bucket.logonType);
    const process = address === 0 ? this.#process(bucket.process) : 0;
    const domain = this.#domainOf(bucket.domain ?? '', bucket.account);
    const total = Math.max(0, Math.floor(bucket.failures));
    const span = bucket.last - bucket.first;
    const step = total > 1 ? span / (total - 1) : 0;
    if (span > window) {
      const rows = Math.min(total, Math.ceil((span * detail) / window) + 1);
      for (let i = 0; i < rows; i++) {
        const weight = Math.floor(((i + 1) * total) / rows) - Math.floor((i * total) / rows);
        const at = bucket.first + Math.round((span * i) / Math.max(1, rows - 1));
        this.#append(at, 0, weight, computer, address, account, code, type, process, domain);
      }
      return;
    }
    for (let i = 0; i < total; i++) {
      const left = total - i;
      const at = i === total - 1 ? bucket.last : bucket.first + Math.round(step * i);
      if (i === detail && left > detail + 1) {
        this.#append(at, 0, left - detail, computer, address, account, code, type, process, domain);
        i = total - detail - 1;
      } else this.#append(at, 0, 1, computer, address, account, code, type, process, domain);
    }
  }

  #account(text: string): number {
    const { key, display } = accountName(text);
    const number = this.accounts.numberOf(key);
    const shown = this.displays[number];
    // The bare name says it shortest; a longer form is kept only while no other was seen.
    if (shown === undefined) this.displays.push(display);
    else if (shown.length > display.length && /[\\@]/.test(shown)) this.displays[number] = display;
    return number;
  }

  #process(text: string | undefined): number {
    const name = (text ?? '').trim().toLowerCase().slice(0, 1024);
    if (name === '' || name === '-') return 0;
    const known = this.processes.find(name);
    return known >= 0 ? known : this.processes.size < 0xffff ? this.processes.numberOf(name) : 0;
  }

  /** The domain that the event names, or else the one that the name was typed with. */
  #domainOf(named: string, typed: string): number {
    const number = named === '' ? 0 : this.#domains.of(named);
    return number === 0 ? this.#typedDomains.of(typed) : number;
  }

  /** Domains are few, but a client can make one up for each attempt: past this number they count as not known. */
  #domain(name: string): number {
    const known = this.domains.find(name);
    return known >= 0 ? known : this.domains.size < 0xffff ? this.domains.numberOf(name) : 0;
  }

  #mark(row: number): void {
    if (row === this.time.length) this.#grow();
    this.unverified[row] = 1;
  }

  /** A flood repeats few pairs of status and substatus. */
  #codeOf(status: string, subStatus: string): number {
    let bySubStatus = this.#codes.get(status);
    if (!bySubStatus) {
      bySubStatus = new Map();
      if (this.#codes.size < FailureColumns.mostCodes) this.#codes.set(status, bySubStatus);
    }
    const known = bySubStatus.get(subStatus);
    if (known !== undefined) return known;
    const number = this.#code(failureCode(status, subStatus));
    if (bySubStatus.size < FailureColumns.mostCodes) bySubStatus.set(subStatus, number);
    return number;
  }

  #code(code: string): number {
    if (this.codes.size < FailureColumns.mostCodes) return this.codes.numberOf(code);
    const known = this.codes.find(code);
    return known >= 0 ? known : this.codes.numberOf('other');
  }

  #append(
    time: Ticks,
    recordId: number,
    weight: number,
    computer: number,
    address: number,
    account: number,
    code: number,
    logonType: number,
    process: number,
    domain: number,
  ): void {
    const row = this.length;
    if (row === this.time.length) this.#grow();
    this.time[row] = time;
    this.recordId[row] = recordId;
    this.weight[row] = weight;
    this.computer[row] = computer;
    this.address[row] = address;
    this.account[row] = account;
    this.code[row] = code;
    this.logonType[row] = logonType;
    this.process[row] = process;
    this.domain[row] = domain;
    this.length = row + 1;
  }

  #grow(): void {
    const capacity = this.time.length * 2;
    const longer = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.time = longer(new Float64Array(capacity), this.time);
    this.recordId = longer(new Float64Array(capacity), this.recordId);
    this.weight = longer(new Uint32Array(capacity), this.weight);
    this.computer = longer(new Uint32Array(capacity), this.computer);
    this.address = longer(new Uint32Array(capacity), this.address);
    this.account = longer(new Uint32Array(capacity), this.account);
    this.code = longer(new Uint16Array(capacity), this.code);
    this.logonType = longer(new Int8Array(capacity), this.logonType);
    this.process = longer(new Uint16Array(capacity), this.process);
    this.domain = longer(new Uint16Array(capacity), this.domain);
    this.unverified = longer(new Uint8Array(capacity), this.unverified);
  }
}
