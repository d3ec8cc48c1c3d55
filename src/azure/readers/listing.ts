import type { VirtualMachine } from '../../documents/triage.ts';

type Machines = readonly VirtualMachine[];

/** The VMs of a fleet while they are listed, page by page. */
export class Listing {
  /** All of them, once the list has ended; rejects where there is none. */
  readonly whole: Promise<Machines>;
  #soFar: Machines = [];
  readonly #looks = new Set<() => void>();

  constructor(whole: Promise<Machines>) {
    this.whole = whole;
    // Who awaits the list reports its failure.
    whole.catch(() => {});
  }

  /** Takes the VMs that are listed so far. */
  grow(machines: Machines): void {
    this.#soFar = machines;
    for (const look of this.#looks) look();
  }

  /** The VMs so far, as soon as they are enough for `holds`; all of them where they never are. */
  until(holds: (machines: Machines) => boolean): Promise<Machines> {
    const enough = new Promise<Machines>((resolve) => {
      const look = () => {
        if (!holds(this.#soFar)) return;
        this.#looks.delete(look);
        resolve(this.#soFar);
      };
      this.#looks.add(look);
      look();
    });
    return Promise.race([enough, this.whole]);
  }
}
