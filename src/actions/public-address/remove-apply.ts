import { type Json, listAt, textAt } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { networkResource, readIfThere } from '../../azure/readers/network-interface.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { putInterface } from '../lock/interface-group.ts';
import { undoneOneByOne } from '../undone-one-by-one.ts';
import { unsettled } from '../unsettled.ts';
import { type RemoveState, removeState } from './address-settings.ts';
import { addressAt, withAddresses, withoutAddresses } from './interface-addresses.ts';

type TakenFrom = RemoveState['interfaces'][number];

const called = (id: string): string => printable(shortName(id), 80);

/** Keeps interfaces and addresses as evidence, then writes each interface without its public addresses. */
export async function applyRemoval(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<RemoveState> {
  const state = removeState.parse(planned.state);
  const bodies = await Promise.all(state.interfaces.map(({ id }) => networkResource(connection, id)));
  for (const [index, { id, etag, taken }] of state.interfaces.entries()) {
    const now = bodies[index] ?? {};
    if (textAt(now, 'etag') !== etag || withoutAddresses(now, taken) === null)
      throw new StalePlan(`${called(id)} was changed since the plan was made.`);
  }
  const addresses = await Promise.all(
    state.interfaces.flatMap(({ taken }) =>
      taken.map(({ address }) => readIfThere(connection, address).catch(() => ({ id: address, notSeen: true }))),
    ),
  );
  await context.keep('before-remove-public-ip', { interfaces: bodies, addresses });
  for (const [index, { id, taken }] of state.interfaces.entries()) {
    context.progress({
      fraction: index / state.interfaces.length,
      text: `taking the public address off ${called(id)}`,
    });
    await putInterface(connection, context, bodies[index] ?? {}, (now) => withoutAddresses(now, taken));
  }
  return state;
}

/** Which of the addresses that were taken away are at the interface. */
const stillAt = (now: Json, { id, taken }: TakenFrom): string[] =>
  taken
    .filter(({ configuration, address }) => sameId(addressAt(now, configuration) ?? '', address))
    .map(({ address, ip }) => `${ip || called(address)} at ${called(id)}`);

/** Has any interface a public address yet, by Azure? */
export async function verifyRemoval(connection: Connection, given: Record<string, unknown>): Promise<Verification> {
  const state = removeState.parse(given);
  const now = await Promise.all(state.interfaces.map(({ id }) => networkResource(connection, id)));
  const left = state.interfaces.flatMap((one, index) => stillAt(now[index] ?? {}, one));
  if (left.length > 0) return { ok: false, text: `STILL there: ${left.join(', ')}.` };
  const found = now
    .flatMap((one) => listAt(one, 'properties', 'ipConfigurations'))
    .map((one) => textAt(one, 'properties', 'publicIPAddress', 'id'))
    .filter((id) => id !== '')
    .map(called);
  if (found.length > 0) return { ok: false, text: `Somebody put ${found.join(', ')} at the VM meanwhile.` };
  const pending = now.map((one, index) => unsettled(called(state.interfaces[index]?.id ?? ''), one)).find(Boolean);
  if (pending) return { ok: null, text: `${pending.text} Whether it has no public address any more is not known.` };
  const names = state.interfaces.flatMap(({ taken }) => taken.map(({ ip, address }) => ip || called(address)));
  return { ok: true, text: `No interface has a public address: ${names.join(', ')} leads nowhere.` };
}

/** Puts the addresses back at one interface; a sentence, and whether they are there. */
async function putBack(connection: Connection, context: ActionContext, one: TakenFrom): Promise<Verification> {
  const name = called(one.id);
  const now = await readIfThere(connection, one.id);
  if (now === null) return { ok: true, text: `${name} does not exist any more.` };
  const missing = one.taken.filter(
    ({ configuration, address }) => !sameId(addressAt(now, configuration) ?? '', address),
  );
  if (missing.length === 0) return { ok: true, text: `${name} has its public address already.` };
  for (const { configuration, address } of missing) {
    const there = addressAt(now, configuration);
    if (there === null)
      return { ok: false, text: `${name} has no IP configuration ${printable(configuration, 60)} any more.` };
    if (there !== '')
      return { ok: false, text: `${name} has another public address by now (${called(there)}): left as it is.` };
    const resource = await readIfThere(connection, address);
    if (resource === null)
      return { ok: false, text: `${called(address)} does not exist any more: ${name} gets none back.` };
    const holder = textAt(resource, 'properties', 'ipConfiguration', 'id');
    if (holder !== '')
      return { ok: false, text: `${called(address)} is used elsewhere by now (${printable(holder, 300)}).` };
  }
  await putInterface(connection, context, now, (fresh) => withAddresses(fresh, missing));
  const after = await networkResource(connection, one.id);
  const texts = await Promise.all(
    missing.map(async ({ configuration, address, ip }) => {
      const back = sameId(addressAt(after, configuration) ?? '', address);
      const given = printable(textAt(await readIfThere(connection, address), 'properties', 'ipAddress'), 60);
      const changed = ip !== '' && given !== ip ? ` instead of ${ip}` : '';
      return {
        ok: back,
        text: back
          ? `${name} has ${called(address)} again (${given || 'Azure has not given it an address yet'}${changed}).`
          : `${name} does NOT have ${called(address)} after the undo.`,
      };
    }),
  );
  return { ok: texts.every(({ ok }) => ok), text: texts.map(({ text }) => text).join(' ') };
}

/** Puts the same address resources back, where nobody has put others there. */
export async function undoRemoval(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = removeState.parse(given);
  return undoneOneByOne(context, state.interfaces, {
    undo: (one) => putBack(connection, context, one),
    failed: ({ id }) => `${called(id)} has no public address back`,
  });
}
