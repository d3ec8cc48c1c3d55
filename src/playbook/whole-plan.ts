import type { Approval, ApprovedStep } from '../documents/approval.ts';
import { approvalOf, digestOf, type RunParameters } from './approval.ts';
import type { PlanShown } from './run.ts';
import { sentenceOf } from './sentence-of.ts';

/** Is every step that is planned by now in the approval as it is planned? */
function isOf({ over }: Approval, planned: readonly ApprovedStep[]): boolean {
  const known = over.vms[0]?.steps ?? [];
  return planned.every((one) => one.state === null || known.some((step) => digestOf(step) === digestOf(one)));
}

/** The digest of a run's whole plan, made once, and anew where a step is planned otherwise when its turn comes. */
export class WholePlan {
  readonly #about: { made: (approval: Approval) => Promise<void>; changed: () => void };
  #given: string;
  #approval: Approval | null = null;
  #because = '';
  #making = false;
  /** The last call, which may be of a later question than the plan that is being made. */
  #last: Parameters<WholePlan['make']> | null = null;

  /** `digest`: one that was made before, "" for none. `made` enters it into the case; `changed` is called when it is shown. */
  constructor(about: { digest: string; made: (approval: Approval) => Promise<void>; changed: () => void }) {
    this.#given = about.digest;
    this.#about = about;
  }

  /** In full; "" before it is made. */
  get digest(): string {
    return this.#approval?.digest ?? this.#given;
  }

  set digest(of: string) {
    this.#given = of;
  }

  get shown(): PlanShown | null {
    return this.digest === '' && this.#because === '' ? null : { digest: this.digest, because: this.#because };
  }

  /**
   * Makes it of the steps as they are planned; `ahead` plans one that is not, null for what is never planned. Does not reject: a
   * plan that cannot be made now is made when its step comes.
   */
  make(
    of: RunParameters & { vm: string },
    planned: readonly ApprovedStep[],
    ahead: (id: string) => Promise<ApprovedStep | null>,
  ): void {
    if (this.#given !== '') return;
    const call: Parameters<WholePlan['make']> = [of, planned, ahead];
    this.#last = call;
    if (this.#making) return;
    if (this.#approval && isOf(this.#approval, planned)) return;
    // The digest of other steps belongs to no question any more: none is confirmed with it.
    this.#approval = null;
    this.#making = true;
    void this.#make(of, planned, ahead).finally(() => {
      this.#making = false;
      // Meanwhile a question was answered, and the next one is of a step as it is planned now.
      if (this.#last !== null && this.#last !== call) this.make(...this.#last);
      this.#about.changed();
    });
  }

  async #make(
    { vm, ...parameters }: RunParameters & { vm: string },
    planned: readonly ApprovedStep[],
    ahead: (id: string) => Promise<ApprovedStep | null>,
  ): Promise<void> {
    try {
      const steps: ApprovedStep[] = [];
      for (const step of planned) steps.push((await ahead(step.id)) ?? step);
      const approval = approvalOf({ ...parameters, vms: [{ id: vm, steps }] });
      const [, now = planned] = this.#last ?? [];
      if (!isOf(approval, now)) return;
      await this.#about.made(approval);
      this.#approval = approval;
      this.#because = '';
    } catch (error) {
      this.#approval = null;
      this.#because = sentenceOf(error);
    }
  }
}
