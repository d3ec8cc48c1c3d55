import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, agreeingAfter, type Bench, disagreements, openBench, openGate } from './bench.ts';
import { groupOf, subscriptionOf, vmIn } from './preflight/obstructed.ts';

const cut = { id: 'cut', title: 'Cut', uses: 'identity.cut' };
const assignmentType = 'Microsoft.Authorization/roleAssignments';

const text = (value: unknown) => JSON.stringify(value);

describe('identity.cut', () => {
  let bench: Bench;
  let sharedPrincipal: string;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const subscription = subscriptionOf(vmIn(world, 'web01').id);
      const shared = `${subscription}/resourceGroups/rg-web/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deploy`;
      sharedPrincipal = '7d1c3a52-0000-4000-8000-000000000001';
      for (const name of ['app03', 'gate01']) {
        vmIn(world, name).identity = {
          type: 'UserAssigned',
          userAssignedIdentities: {
            [shared]: { principalId: sharedPrincipal, clientId: '7d1c3a52-0000-4000-8000-000000000002' },
          },
        };
      }
      const name = '7d1c3a52-0000-4000-8000-000000000003';
      world.resources.push({
        id: `${subscription}/providers/${assignmentType}/${name}`,
        name,
        type: assignmentType,
        properties: {
          scope: subscription,
          principalId: sharedPrincipal,
          principalType: 'ServicePrincipal',
          roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`,
          condition: "@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x'",
          conditionVersion: '2.0',
          description: 'reads all',
        },
      });
      world.denied.push({
        action: `${assignmentType}/delete`,
        scope: groupOf(vmIn(world, 'sql01').id),
      });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const held = async (part: string) =>
    (await bench.world()).resources.filter(
      (one) => String(one.type).toLowerCase() === assignmentType.toLowerCase() && text(one.properties).includes(part),
    );
  const principalOf = async (vm: string) =>
    String(
      Reflect.get(Object((await bench.resource('Microsoft.Compute/virtualMachines', vm))?.identity), 'principalId'),
    );

  it('plans with reads alone: each role, the hour until which tokens live, and that undo gives them back', async () => {
    const [step] = (await bench.run([cut], 'web01').plan()).steps;
    expect(step?.danger).toBe('disruptive');
    expect(step?.changes).toMatchObject([
      { method: 'DELETE', diff: [{ before: expect.stringMatching(/^Contributor on .*rg-web$/) }] },
    ]);
    expect(step?.consequences?.join()).toMatch(/NOT taken back: they live until 2026-11-24 0\d:\d\dZ/);
    expect(step?.permissions).toContainEqual(
      expect.objectContaining({ action: `${assignmentType}/delete`, held: true }),
    );
    expect(bench.mutations()).toEqual([]);
  });

  it('finds nothing to do at a VM without an identity', async () => {
    const view = await agreeing(bench.run([cut], 'mail01')).start();
    expect(view.steps[0]?.verified?.text).toMatch(/mail01 has no managed identity/);
    expect(bench.mutations()).toEqual([]);
  });

  it('is refused beforehand where assignments may not be deleted', async () => {
    const view = await agreeing(bench.run([cut], 'sql01')).start();
    expect(view.outcome).toBe('failed');
    expect(view.steps[0]?.error).toMatch(/roleAssignments\/delete/i);
    expect(bench.mutations()).toEqual([]);
  });

  it('says that it cannot know where no assignments can be listed, and does not call that none', async () => {
    await bench.faults([
      {
        match: { method: 'GET', path: 'roleAssignments\\?' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const view = await agreeing(bench.run([cut], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/cannot be read.*AuthorizationFailed.*Reader/);
    expect(bench.mutations()).toEqual([]);
  });

  it('does not call it none where the list of the VM’s own subscription fails, though others were read', async () => {
    const { subscriptionId } = bench.target('web01');
    await bench.faults([
      {
        match: { method: 'GET', path: `${subscriptionId}/providers/Microsoft.Authorization/roleAssignments\\?` },
        effect: { status: 400, code: 'BadRequest', message: 'x' },
      },
    ]);
    const view = await agreeing(bench.run([cut], 'web01')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toMatch(/cannot be read: roles of web01 .*BadRequest.*Run it again/);
    expect(bench.mutations()).toEqual([]);
  });

  it('deletes the roles and assigns them again under their names', async () => {
    const principal = await principalOf('web01');
    const was = await held(principal);
    expect(was.length).toBe(1);
    const run = agreeing(bench.run([cut], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/1 role assignments are gone\. Tokens issued by now live until/);
    expect(await held(principal)).toEqual([]);
    expect((await run.undo()).outcome).toBe('undone');
    const now = await held(principal);
    expect(now.map(({ id }) => id)).toEqual(was.map(({ id }) => id));
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('names who else acts by a shared identity, and gives back the condition too', async () => {
    const [step] = (await bench.run([cut], 'app03').plan()).steps;
    expect(step?.touches.join()).toMatch(/gate01 .*acts by id-deploy \(user-assigned\) too/);
    expect(step?.touches.join()).not.toContain('app03');
    expect(step?.consequences?.join()).toMatch(/SHARED: 1 other/);
    const run = agreeing(bench.run([cut], 'app03'));
    expect((await run.start()).outcome).toBe('done');
    expect(await held(sharedPrincipal)).toEqual([]);
    await run.undo();
    expect((await held(sharedPrincipal))[0]?.properties).toMatchObject({
      condition: expect.stringContaining('StringEquals'),
      conditionVersion: '2.0',
      description: 'reads all',
    });
  });

  it('sends nothing when a role is gone since the plan was shown', async () => {
    const [one] = await held(await principalOf('web01'));
    const client = await bench.connection.authorization(bench.target('web01').subscriptionId);
    const somebodyElse = () =>
      bench.connection.changing(openGate, () => client.roleAssignments.deleteById(String(one?.id).slice(1)));
    const view = await agreeingAfter(bench.run([cut], 'web01'), somebodyElse).start();
    expect(view.steps[0]?.error).toMatch(/stale.*otherwise: Contributor of web01/);
    expect(bench.log.of('intent')).toEqual([]);
  });
});
