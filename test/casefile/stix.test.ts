import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { exportCase } from '../../src/casefile/write-export.ts';
import { newStore, tickingClock } from './sample-case.ts';
import { activity, burst, exposed, logons, machine, reading, toldCase } from './told-case.ts';

/** OASIS' own schemas of STIX 2.1, read by a validator that is not ours. */
const { schemas }: { schemas: { $id: string }[] } = JSON.parse(
  readFileSync(new URL('./stix/oasis-schemas.json', import.meta.url), 'utf8'),
);

function validator() {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
  for (const schema of schemas) ajv.addSchema(schema);
  return ajv;
}

const idOf = (name: string) => schemas.find(({ $id }) => $id.endsWith(`/${name}.json`))?.$id ?? name;

interface StixObject {
  type: string;
  id: string;
  [property: string]: unknown;
}

async function bundleOf(at: string): Promise<{ type: string; id: string; objects: StixObject[] }> {
  const file = await toldCase(
    await newStore(),
    reading(machine('web01'), {
      logons: logons(burst(), burst({ kind: 'spray', sources: [{ address: '2001:db8::9', failures: 310 }] })),
      exposure: exposed(3389),
      activity: activity({}),
    }),
  );
  const { file: path } = await exportCase(file, { format: 'stix', now: tickingClock(at) });
  await file.release();
  return JSON.parse(await readFile(path, 'utf8'));
}

it('is a bundle by OASIS’ schemas, object by object', async () => {
  const ajv = validator();
  const bundle = await bundleOf('2026-11-23T04:00:00.000Z');
  const whole = ajv.getSchema(idOf('bundle'));
  expect(whole?.(bundle), JSON.stringify(whole?.errors?.slice(0, 3))).toBe(true);
  for (const object of bundle.objects) {
    const check = ajv.getSchema(idOf(object.type));
    expect(check, object.type).toBeDefined();
    expect(check?.(object), `${object.type} ${JSON.stringify(check?.errors)}`).toBe(true);
  }
  expect([...new Set(bundle.objects.map(({ type }) => type))].sort()).toEqual([
    'attack-pattern',
    'identity',
    'indicator',
    'relationship',
    'report',
  ]);
});

it('would not pass with a wrong id, a missing pattern or an unknown time', async () => {
  const ajv = validator();
  const { objects } = await bundleOf('2026-11-23T04:00:00.000Z');
  const indicator = objects.find(({ type }) => type === 'indicator');
  const check = ajv.getSchema(idOf('indicator'));
  expect(check?.({ ...indicator, id: 'indicator--1' })).toBe(false);
  expect(check?.({ ...indicator, pattern: undefined })).toBe(false);
  expect(check?.({ ...indicator, valid_from: 'yesterday' })).toBe(false);
});

it('refers to nothing that is not in it, and keeps its ids from export to export', async () => {
  const [one, other] = [await bundleOf('2026-11-23T04:00:00.000Z'), await bundleOf('2026-11-24T04:00:00.000Z')];
  const ids = new Set(one.objects.map(({ id }) => id));
  expect(ids.size).toBe(one.objects.length);
  for (const object of one.objects) {
    for (const [name, value] of Object.entries(object)) {
      if (name.endsWith('_ref')) expect(ids).toContain(value);
      if (name.endsWith('_refs') && Array.isArray(value)) for (const ref of value) expect(ids).toContain(ref);
    }
  }
  expect(other.objects.map(({ id }) => id)).toEqual([...ids]);
});
