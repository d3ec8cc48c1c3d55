import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { schema } from '../../src/commands/schema.ts';

function printed(name: string): Record<string, unknown> {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  expect(schema(name, stdout)).toBe(0);
  return JSON.parse(text);
}

it.each(['cordon.triage/1', 'cordon.plan/1', 'cordon.plans/1', 'cordon.run/1', 'cordon.runs/1', 'evtx', 'kql'])(
  'the schema of %s is printed, and its documents name themselves so',
  (name) => {
    const { $id, properties } = printed(name);
    const own = name.includes('/') ? name : `cordon.${name}/1`;
    expect($id).toBe(own);
    expect(properties).toMatchObject({ schema: { const: own } });
  },
);
