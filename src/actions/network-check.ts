import * as z from 'zod';
import type { Connection } from '../azure/client/connection.ts';
import { interfacesOf, readMachine } from '../azure/readers/machine.ts';
import { prefixOf } from '../network/sets/given-prefix.ts';
import { type Action, nothingPlanned, type Verification } from '../playbook/action.ts';
import { waysIn } from './lock/lock-settings.ts';
import { portEdges, readReach, type WayIn, wayIn } from './network-reach.ts';
import { pause } from './operation.ts';

const checkState = z.looseObject({
  interfaces: z.array(z.string()),
  address: z.string(),
  ports: z.array(z.number()),
  wayIn: z.enum(['required', 'told']),
});

/** Effective rules lag behind a change by seconds: so often they are asked again while they differ from the configuration. */
const ATTEMPTS = 10;

/**
 * Does the responder's address still reach the VM, by the configuration and by Azure's effective rules? It is enough
 * that one interface lets it in on one of the ports. Says nothing of what listens there, nor of a public address or
 * route.
 */
export function networkCheck(connection: Connection): Action {
  return {
    name: 'network.check',
    input: waysIn,
    danger: 'none',
    async plan(context, input) {
      const settings = waysIn.parse(input);
      const machine = await readMachine(connection, context.target);
      return {
        title: 'Check your own way in',
        ...nothingPlanned(),
        consequences: [],
        state: {
          interfaces: interfacesOf(machine),
          address: prefixOf(context.responderAddress)?.prefix ?? '',
          ports: portEdges(settings.ports),
          wayIn: settings.wayIn,
        },
      };
    },
    async apply(_context, plan) {
      return plan.state;
    },
    async verify(context, given): Promise<Verification> {
      const state = checkState.parse(given);
      if (state.address === '')
        return { ok: null, text: 'Your own address is not known: your way in was not checked.' };
      for (let attempt = 1; ; attempt += 1) {
        const reach = await readReach(connection, state.interfaces, context.signal, { around: true });
        const found = wayIn(reach, state.address, state.ports);
        const settled = found.open.length > 0 || found.unclear.length === 0 || found.notAsked !== '';
        if (settled || attempt === ATTEMPTS) return verdict(found, state);
        await pause(connection, context);
      }
    },
  };
}

function verdict(found: WayIn, { address, ports, wayIn }: z.infer<typeof checkState>): Verification {
  const { open, by, closed, unclear, relayed, pathless, notAsked, notSeen } = found;
  const sources = notAsked === '' ? "the configuration and Azure's effective rules" : 'the configuration';
  const missing = [
    ...(notAsked === '' ? [] : [`effective rules were not asked: ${notAsked}`]),
    ...notSeen.map((one) => `not seen: ${one}`),
  ];
  const caveat = missing.length > 0 ? ` (${[...new Set(missing)].slice(0, 3).join('; ')})` : '';
  if (open.length > pathless.length || (open.length > 0 && relayed.length === 0)) {
    const path = open.length > pathless.length ? '' : ' No path from the Internet to it is seen: come from inside.';
    return {
      ok: true,
      text: `Your way in: ${address} is let in to tcp ${open.join(', ')} by ${by.slice(0, 3).join('; ')}, by ${sources}${caveat}.${path}`,
    };
  }
  if (relayed.length > 0) {
    return {
      ok: null,
      text: `Your way in could not be checked: the Internet reaches ${relayed.join(', ')}, where rules see that address and not yours. ${address} itself is let in${caveat}.`,
    };
  }
  if (unclear.length > 0) {
    return { ok: null, text: `Your way in could not be checked: ${unclear.slice(0, 3).join('; ')}${caveat}.` };
  }
  const text = `${address} is not let in on any of tcp ${ports.join(', ')} (${closed.slice(0, 3).join('; ')}), by ${sources}${caveat}.`;
  return wayIn === 'told'
    ? { ok: null, text: `${text} The VM stays locked nevertheless, as chosen (way-in: told).` }
    : { ok: false, text };
}
