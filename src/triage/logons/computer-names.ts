/** The name that a computer has before it is given one: any number of computers have it. */
const nobodysName = 'localhost';

/** As names are compared: case and the dot of the root mean nothing (RFC 4343; RFC 1034, 3.1). */
const plain = (name: string): string => name.trim().toLowerCase().replace(/\.$/, '');

/** "web01" of "web01.contoso.com"; "" for an address, which has no such part. */
function shortName(name: string): string {
  const short = name.split('.', 1)[0] ?? '';
  return /^\d*$/.test(short) || name.includes(':') ? '' : short;
}

/**
 * Which names are one computer. Logs have the name of a computer (`uname -n`), or its full one: auditd by its `name_format`,
 * rsyslog by `$LocalHostName`, Windows since it joined a domain. A short name and a full one that begins with it are one
 * computer where the evidence has no other full name that does; else they stay apart, since it may be either. An address
 * is no short name.
 */
export class ComputerNames {
  /** By a full name as it is compared, the short one as it was written. */
  readonly #shortOf = new Map<string, string>();
  /** Short names with the full ones of which each may be. */
  readonly #unclear = new Map<string, string[]>();

  constructor(names: Iterable<string>) {
    const written = new Map<string, string>();
    for (const name of names) if (!written.has(plain(name))) written.set(plain(name), name.trim());
    const fullNames = new Map<string, string[]>();
    for (const name of written.keys()) {
      const short = shortName(name);
      if (short === name || short === '' || short === nobodysName || !written.has(short)) continue;
      fullNames.set(short, [...(fullNames.get(short) ?? []), name]);
    }
    for (const [short, [full = '', ...others]] of fullNames) {
      if (others.length > 0) this.#unclear.set(short, [full, ...others]);
      else this.#shortOf.set(full, written.get(short) ?? short);
    }
  }

  /** Does any name stand for a computer that has another one? */
  get areSeveral(): boolean {
    return this.#shortOf.size > 0;
  }

  /** The name by which a computer is known among these: its short one, where it has both. */
  nameOf(name: string): string {
    return this.#shortOf.get(plain(name)) ?? name;
  }

  /** Why a name stands for another; "" where it does not. */
  because(name: string): string {
    const short = this.#shortOf.get(plain(name));
    return short === undefined
      ? ''
      : `its computer ${name} is taken for ${short}: these logs have no other full name of it`;
  }

  /** What stays apart since it may be either of two computers. */
  get unclear(): string[] {
    return [...this.#unclear].map(
      ([short, full]) =>
        `which computer is meant by ${short}: ${full.join(', ')} (what it logged may count beside theirs)`,
    );
  }
}

/** The only computer among names, of which two may be one's; "" where there is none, or several. */
export function onlyComputer(names: readonly string[]): string {
  const computers = new ComputerNames(names);
  const [only = '', ...others] = new Set(names.map((name) => computers.nameOf(name)));
  return others.length === 0 ? only : '';
}
