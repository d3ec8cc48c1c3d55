import * as z from 'zod';

const stepId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a short name in lower case, with hyphens')
  .describe('Short name of the step, unique in the playbook: what --step and the transcript call it.');

const text = (about: string, limit: number) => z.string().min(1).max(limit).describe(about);

/** What happens when a step fails: end the playbook, continue the next step, or undo the named earlier step. */
export const whenFailed = z.union([
  z.enum(['stop', 'go-on']),
  z.strictObject({ undo: stepId.describe('The earlier step that is undone.') }),
]);

/** The four things that a step can be: exactly one of these keys is in it. */
const stepKinds = ['uses', 'ask', 'note', 'check'] as const;

export const playbookStep = z
  .strictObject({
    id: stepId,
    title: text('One line: what this step does.', 120),
    guidance: text('Why, for the person who decides. Shown beside the plan.', 4000).optional(),
    uses: text('An action that changes Azure, such as nsg.lock.', 60).optional(),
    check: text('An action that only looks, such as network.check; the playbook depends on its answer.', 60).optional(),
    with: z.record(z.string(), z.unknown()).describe('Settings of the action.').optional(),
    ask: text('A question to the person; the answer goes into the transcript.', 600).optional(),
    note: text('Something to know before going on; nothing is asked.', 2000).optional(),
    whenFailed: whenFailed.describe('What follows a failure: stop (the default), go-on, or undo of a step.').optional(),
    undoAfterMinutes: z
      .int()
      .min(1)
      .max(1440)
      .describe('In the workbench, undo this step by itself after so many minutes unless the person keeps it.')
      .optional(),
  })
  .superRefine((step, context) => {
    const kinds = stepKinds.filter((kind) => step[kind] !== undefined);
    if (kinds.length !== 1) {
      const found = kinds.length === 0 ? 'found none' : `found ${kinds.join(' and ')}`;
      context.addIssue({ code: 'custom', message: `expected one of uses, ask, note, check in a step; ${found}` });
      return;
    }
    const [kind] = kinds;
    if (step.with !== undefined && kind !== 'uses' && kind !== 'check') {
      context.addIssue({ code: 'custom', path: ['with'], message: '`with` belongs to `uses` or `check`' });
    }
    if (step.undoAfterMinutes !== undefined && kind !== 'uses') {
      context.addIssue({ code: 'custom', path: ['undoAfterMinutes'], message: '`undoAfterMinutes` belongs to `uses`' });
    }
  });
export type PlaybookStep = z.infer<typeof playbookStep>;

/** A playbook file: a header and the steps in their order. */
export const playbook = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a short name in lower case, with hyphens')
      .describe('What `cordon run NAME` calls it.'),
    title: text('One line, for lists.', 80),
    summary: text('What it does and to whom, in a few sentences.', 1000),
    practice: z
      .int()
      .min(1)
      .max(20)
      .describe(
        'Which practice of "Best practices for defending Azure Virtual machines" it carries out, as cordon numbers them.',
      )
      .optional(),
    answers: z
      .array(z.string().min(1).max(80))
      .max(40)
      .describe('Ids of the findings that this playbook answers.')
      .default([]),
    order: text('What should be done before and after it, and why.', 1000).optional(),
    steps: z.array(playbookStep).min(1).max(50),
  })
  .superRefine((book, context) => {
    const seen = new Map<string, PlaybookStep>();
    book.steps.forEach((step, index) => {
      const at = ['steps', index];
      if (seen.has(step.id)) {
        context.addIssue({ code: 'custom', path: [...at, 'id'], message: `another step is called ${step.id} already` });
      }
      const { whenFailed: then } = step;
      if (typeof then === 'object' && !seen.get(then.undo)?.uses) {
        const earlier = [...seen.values()].filter((one) => one.uses).map((one) => one.id);
        context.addIssue({
          code: 'custom',
          path: [...at, 'whenFailed', 'undo'],
          message: `expected an earlier step that uses an action (${earlier.join(', ') || 'there is none'}), found ${then.undo}`,
        });
      }
      seen.set(step.id, step);
    });
  });
export type Playbook = z.infer<typeof playbook>;

/** What a reader of playbooks must know of an action: the schema of its `with`. */
export type ActionInputs = ReadonlyMap<string, { input: z.ZodType }>;

function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** The JSON Schema of playbook files, for editors: the header, the steps, and what each action takes in `with`. */
export function playbookJsonSchema(actions: ActionInputs): Record<string, unknown> {
  const names = [...actions.keys()].sort();
  const step = jsonSchemaOf(playbookStep);
  const properties: Record<string, unknown> = { ...Object(step.properties) };
  for (const key of ['uses', 'check']) properties[key] = { ...Object(properties[key]), enum: names };
  const withOf = names.flatMap((name) =>
    ['uses', 'check'].map((key) => ({
      if: { properties: { [key]: { const: name } }, required: [key] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { with: jsonSchemaOf(actions.get(name)?.input ?? playbookStep) } },
    })),
  );
  const whole = jsonSchemaOf(playbook);
  const wholeProperties: Record<string, unknown> = { ...Object(whole.properties) };
  const steps = { ...Object(wholeProperties.steps) };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'cordon playbook',
    ...whole,
    properties: {
      ...wholeProperties,
      steps: {
        ...steps,
        items: {
          ...step,
          properties,
          oneOf: stepKinds.map((kind) => ({ required: [kind] })),
          allOf: withOf,
        },
      },
    },
  };
}
