import type { EventField, EventSystem, LogEvent, XmlElement } from '../eventlog/log-event.ts';
import type { EventRecord } from '../eventlog/record.ts';

/**
 * A record of an event log as an event of which each part is made when it is asked for: what most columns want comes straight from
 * the record's values, and the whole event is rendered for the others alone. Valid until the next record is read. Its parts throw
 * a DamagedError as `EventRecord` does.
 */
export class RecordEvent implements LogEvent {
  readonly system: EventSystem;
  #record: EventRecord | undefined;
  /** Names of fields that were asked for, in the places of the record's choice. */
  #names: string[] = [];
  readonly #places = new Map<string, number>();
  #chosen = false;

  constructor() {
    this.system = systemOf(() => this.#current);
  }

  /** The event is that of a record now. */
  set record(record: EventRecord) {
    this.#record = record;
    this.#chosen = false;
  }

  get #current(): EventRecord {
    if (!this.#record) throw new Error('there is no record');
    return this.#record;
  }

  get verified(): boolean {
    return this.#current.verified;
  }

  get offset(): number {
    return this.#current.offset;
  }

  get fields(): EventField[] {
    return this.#current.event().fields;
  }

  get xml(): XmlElement {
    return this.#current.event().xml;
  }

  /** The first field of a name; "" where there is none. */
  field(name: string): string {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#names.length;
      this.#places.set(name, place);
      this.#names = [...this.#names, name];
      this.#chosen = false;
    }
    const record = this.#current;
    if (!this.#chosen) record.choose(this.#names);
    this.#chosen = true;
    return record.text(place);
  }
}

/** The parts that a record has by itself, and the others of its whole event. */
function systemOf(record: () => EventRecord): EventSystem {
  const system = {
    get provider() {
      return record().system('provider');
    },
    get channel() {
      return record().system('channel');
    },
    get computer() {
      return record().system('computer');
    },
    get eventId() {
      return record().eventId;
    },
    get recordId() {
      return record().recordId;
    },
    get time() {
      const { time } = record();
      return Number.isNaN(time) ? null : time;
    },
  };
  return new Proxy(system, {
    get: (own, name: keyof EventSystem) => (name in own ? Reflect.get(own, name) : record().event().system[name]),
  }) as EventSystem;
}
