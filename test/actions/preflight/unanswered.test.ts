import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preflight } from '../../../src/actions/preflight/preflight.ts';
import { type Bench, openBench } from '../bench.ts';
import { groupOf } from './obstructed.ts';

describe('what is not answered in time is not known, and prevents nothing', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(() => undefined, { limits: { read: 0.4, logs: 1, change: 10 } });
  });
  afterAll(() => bench.close());

  it('each question ends by itself; a plan has what could be seen, and "not seen" for the rest', async () => {
    const target = bench.target('web01');
    const group = groupOf(target.id);
    const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/cordon-x`;
    await bench.faults(
      [
        '/locks\\?',
        '/denyAssignments\\?',
        '/permissions\\?',
        '/checkPolicyRestrictions',
        '/providers/Microsoft.Network\\?',
        '/usages\\?',
      ].map((path) => ({ match: { path }, effect: { delayMs: 30_000 } })),
    );
    const found = await preflight(
      bench.connection,
      { signal: new AbortController().signal },
      {
        needed: [{ action: 'Microsoft.Network/networkSecurityGroups/write', scope: group }],
        intended: [{ method: 'PUT', resourceId: nsg, creates: true, body: { location: 'westeurope', tags: {} } }],
      },
    );
    expect(found.blocked).toBe('');
    expect(found.permissions.map(({ held }) => held)).toEqual([null]);
    const said = found.warnings.join('\n');
    for (const part of [
      'deny assignments on',
      'management locks on',
      'what Azure Policy says of cordon-x',
      'is registered for Microsoft.Network',
      'the quota of network security groups in westeurope',
    ]) {
      expect(said).toMatch(new RegExp(`Not seen: .*${part}`));
    }
  });
});
