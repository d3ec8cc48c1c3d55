import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountParameters, accountScripts, whyNotAnAccount } from '../../src/actions/guest/account-scripts.ts';
import {
  agreeing,
  type Bench,
  deniedInFiles,
  disagreements,
  openBench,
  runCommandsIn,
  runCommandType,
} from './bench.ts';

const disable = (account: string) => ({ id: 'disable', title: 'Disable', uses: 'account.disable', with: { account } });

describe('account.disable', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(deniedInFiles(`${runCommandType}/write`));
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());
  const commands = () => runCommandsIn(bench);

  it.each([
    ['web01', '', /No account is named/],
    ['web01', 'CONTOSO\\anna', /not taken: .*without its domain/],
    ['web01', 'a"; rm -rf /; "', /not taken/],
    ['lin-build', '$(reboot)', /not taken: a Linux account/],
    ['jump01', 'svc-web', /deallocated/],
    ['file01', 'svc-web', /runCommands\/write/],
  ])('sends nothing where it cannot or may not: %s %s', async (vm, account, because) => {
    const view = await agreeing(bench.run([disable(account)], vm)).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('disables it, says that sessions stay open, and enables it again', async () => {
    const run = agreeing(bench.run([disable('svc-web')], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/svc-web is disabled, says the guest.*open sessions stay/);
    const [first] = await commands();
    const { source, parameters } = Object(first?.properties);
    expect(source.script).not.toContain('svc-web');
    expect(parameters).toEqual([
      { name: 'Verb', value: 'disable' },
      { name: 'Account', value: `x${Buffer.from('svc-web').toString('hex')}` },
    ]);
    const undone = await run.undo();
    expect(undone.outcome).toBe('undone');
    expect(JSON.stringify(undone)).toContain('svc-web is enabled again, says the guest');
    expect(await commands()).toEqual([]);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('fails with what the guest said about an account that is not there, and leaves nothing', async () => {
    const view = await agreeing(bench.run([disable('nobody-here')], 'web01')).start();
    expect(view.outcome).toBe('undone');
    expect(JSON.stringify(view)).toMatch(/was not disabled \(Failed, exit 3: cordon: no such account/);
    expect(await commands()).toEqual([]);
  });

  it('leaves disabled what was disabled before', async () => {
    const first = agreeing(bench.run([disable('svc-web')], 'web01'));
    await first.start();
    await bench.skip(5);
    const second = agreeing(bench.run([disable('svc-web')], 'web01'));
    expect((await second.start()).steps[0]?.verified?.text).toMatch(/It was before/);
    expect(JSON.stringify(await second.undo())).toContain('svc-web was not disabled by this');
    await first.undo();
  });
});

describe('the names of accounts', () => {
  it('are those that the system makes', () => {
    for (const name of ['svc-web', 'a.b_c', 'Admin istrator', 'Ünal'])
      expect(whyNotAnAccount(name, 'windows'), name).toBe('');
    for (const name of ['', ' ', 'a\\b', 'a@b', 'x'.repeat(21), 'a\u001b[2Jb', '..'])
      expect(whyNotAnAccount(name, 'windows'), name).not.toBe('');
    for (const name of ['root', 'a.b-c', '_x']) expect(whyNotAnAccount(name, 'linux'), name).toBe('');
    for (const name of ['-rf', 'a b', 'a;b', 'a\nb', 'x'.repeat(33), '.x'])
      expect(whyNotAnAccount(name, 'linux'), name).not.toBe('');
  });

  it('reach the Linux script as the environment: one that is none is refused there too, and one that is not there', () => {
    const run = (account: string) =>
      spawnSync('sh', ['-c', accountScripts.linux], {
        encoding: 'utf8',
        env: { ...accountParameters('disable', account, 'linux') },
        timeout: 20_000,
      });
    expect(run('$(touch /tmp/x)')).toMatchObject({ status: 2, stdout: '' });
    expect(run('-e')).toMatchObject({ status: 2 });
    expect(run('no.such.account')).toMatchObject({ status: 3, stdout: '' });
  });
});
