import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const module = new URL('../../src/azure/young-generation.ts', import.meta.url).href;

/** Prints the young generation's size after much has survived in it, within the bound and after it. */
const script = `
import { setImmediate as turn } from 'node:timers/promises';
import { holdYoungGeneration, youngGeneration } from '${module}';
async function survivors() {
  const kept = [];
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 20_000; i++) kept.push({ round, i });
    await turn();
  }
  return youngGeneration();
}
const releases = [holdYoungGeneration(), holdYoungGeneration()];
releases[0]();
const within = await survivors();
releases[1]();
console.log(JSON.stringify([within, await survivors()]));
`;

it('keeps the young generation from growing while a fleet is read, and lets it grow afterwards', () => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const [within, after] = JSON.parse(printed);
  expect(within).toBeLessThanOrEqual(20 * 1024 * 1024);
  expect(after).toBeGreaterThan(within);
});
