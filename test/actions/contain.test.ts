import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActions } from '../../src/actions/actions.ts';
import { runDocument } from '../../src/documents/run.ts';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';

describe('contain-brute-force', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  const book = async () => {
    const shelf = await loadPlaybooks(
      await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }),
      createActions(bench.connection),
    );
    return findPlaybook(shelf, 'contain-brute-force');
  };

  it('preserves, then closes, and leaves the responder in', async () => {
    const run = agreeing(bench.run([{ id: 'x', title: 'x', note: 'x' }], 'web01', { playbook: await book() }));
    const view = await run.start();
    expect(view.steps.map((step) => [step.id, step.state])).toEqual([
      ['volatile', 'done'],
      ['snapshot', 'done'],
      ['backup', 'done'],
      ['lock', 'done'],
      ['way-in', 'done'],
      ['afterwards', 'done'],
    ]);
    expect(view.outcome).toBe('done');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(runDocument.safeParse(run.document()).error).toBeUndefined();
    const order = bench
      .mutations()
      .map((one) => one.path.replace(/^.*\/providers\/[^/]+\/([^/]+)\/.*$/, '$1').toLowerCase());
    expect(order.lastIndexOf('snapshots')).toBeLessThan(order.indexOf('networksecuritygroups'));
  });

  it('locks a VM that no vault protects, and says what was not done', async () => {
    await bench.begin();
    const run = agreeing(bench.run([{ id: 'x', title: 'x', note: 'x' }], 'lin-build', { playbook: await book() }));
    const view = await run.start();
    expect(view.steps.map((step) => step.state)).toEqual(['done', 'done', 'failed', 'done', 'done', 'done']);
    expect(view.outcome).toBe('needs-attention');
    expect(view.summary).toContain('No Recovery Services vault');
  });

  it('undoes the lock when the way in is closed', async () => {
    await bench.begin();
    // The check asks for another port than the lock opens.
    const steps = [
      { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [22] } },
      { id: 'way-in', title: 'Check', check: 'network.check', with: { ports: [3389] }, whenFailed: { undo: 'lock' } },
    ];
    const view = await agreeing(bench.run(steps, 'app03')).start();
    expect(view.outcome).toBe('undone');
    expect(view.steps.map((step) => step.state)).toEqual(['undone', 'failed']);
  });
});
