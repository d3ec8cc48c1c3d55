import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { exportPlaybook } from '../../src/commands/playbook-export.ts';
import { loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';

/** A folder with OASIS' schemas (the repository oasis-open/cacao-json-schemas). */
const folder = process.env.CORDON_CACAO_SCHEMAS ?? '';
if (folder === '') console.warn('SKIPPED: OASIS’ schemas of CACAO: CORDON_CACAO_SCHEMAS names no folder with them');

const shelf = await loadPlaybooks(await playbookFolders());
const names = shelf.playbooks.map(({ playbook }) => playbook.name);

const step = z.looseObject({
  type: z.enum(['start', 'action', 'end']),
  name: z.string(),
  on_completion: z.string().optional(),
  on_success: z.string().optional(),
  on_failure: z.string().optional(),
  agent: z.string().optional(),
  commands: z.array(z.looseObject({ type: z.literal('manual'), command: z.string() })).optional(),
  step_extensions: z.record(z.string(), z.looseObject({})).optional(),
});
const document = z.looseObject({
  id: z.string(),
  created: z.string(),
  modified: z.string(),
  workflow_start: z.string(),
  workflow: z.record(z.string(), step),
  agent_definitions: z.record(z.string(), z.unknown()),
  extension_definitions: z.record(z.string(), z.unknown()),
  playbook_types: z.array(z.string()).optional(),
  playbook_activities: z.array(z.string()).optional(),
});

async function exported(name: string) {
  let text = '';
  const stdout = { write: (part: string) => (text += part) };
  expect(await exportPlaybook(name, { cacao: true }, { stdout })).toBe(0);
  return { text, document: document.parse(JSON.parse(text)) };
}

/** Every `.json` of OASIS' folder, under the addresses by which the schemas name each other. */
function validator() {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.json')) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  }
  return ajv;
}

describe.each(names)('the playbook %s as CACAO', (name) => {
  it.skipIf(folder === '')('is valid by OASIS’ own schemas', async () => {
    const ajv = validator();
    const { document } = await exported(name);
    const check = ajv.getSchema(
      'https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/playbook.json',
    );
    expect(check?.(document), JSON.stringify(check?.errors, null, 1)).toBe(true);
    for (const [id, one] of Object.entries(document.workflow)) {
      const [type = ''] = id.split('--');
      const ofStep = ajv.getSchema(
        `https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/workflows/${type}.json`,
      );
      expect(ofStep?.(one), `${id} ${JSON.stringify(ofStep?.errors)}`).toBe(true);
    }
  });

  it('leads from its start through every step to an end, and names nothing that is not there', async () => {
    const { document } = await exported(name);
    const { workflow } = document;
    const seen = new Set<string>();
    const open = [document.workflow_start];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const one = workflow[id];
      expect(one, id).toBeDefined();
      expect(id.startsWith(`${one?.type}--`)).toBe(true);
      const ways = [one?.on_completion, one?.on_success, one?.on_failure].filter((way) => way !== undefined);
      expect(one?.type === 'end' ? ways.length === 0 : ways.length > 0, id).toBe(true);
      if (one?.agent) expect(document.agent_definitions).toHaveProperty([one.agent]);
      for (const used of Object.keys(one?.step_extensions ?? {})) {
        expect(document.extension_definitions).toHaveProperty([used]);
      }
      open.push(...ways);
    }
    const unreached = Object.keys(workflow).filter((id) => !seen.has(id));
    // Where every step goes on whatever happens, nothing stops.
    expect(unreached.filter((id) => !id.startsWith('end--'))).toEqual([]);
    const uuids = [document.id, ...Object.keys(workflow)].map((id) => id.split('--')[1]);
    expect(new Set(uuids).size).toBe(uuids.length);
    // Steps MUST have UUIDs of version 4; the playbook MAY have one of version 5 (section 10.10).
    for (const id of Object.keys(workflow)) expect(id).toMatch(/--[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(document.id).toMatch(/^playbook--[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(document.modified >= document.created).toBe(true);
  });

  it('has each step of the playbook with its settings, and the same ids each time', async () => {
    const { document, text } = await exported(name);
    expect((await exported(name)).text).toBe(text);
    const found = Object.values(document.workflow).flatMap(({ step_extensions }) =>
      Object.values(step_extensions ?? {}),
    );
    const playbook = shelf.playbooks.find((one) => one.playbook.name === name)?.playbook;
    expect(found.map((one) => [one.step_id, one.uses, one.check, one.with])).toEqual(
      playbook?.steps.map((one) => [one.id, one.uses, one.check, one.with]),
    );
    const activities = Object.values(document.workflow).flatMap(({ commands }) =>
      (commands ?? []).flatMap((one) => one.playbook_activity ?? []),
    );
    expect([...new Set(activities)].sort()).toEqual(document.playbook_activities ?? []);
    expect(document.playbook_types === undefined).toBe(document.playbook_activities === undefined);
  });
});

it('is asked for by its format, and by a name that there is', async () => {
  const stdout = { write: () => undefined };
  await expect(exportPlaybook('lock-nsg', {}, { stdout })).rejects.toThrow(/--cacao/);
  await expect(exportPlaybook('lock-nsgs', { cacao: true }, { stdout })).rejects.toThrow(/lock-nsg/);
});
