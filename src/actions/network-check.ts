import { z } from 'zod';
import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { effectiveRules, interfacesOf, readMachine } from '../azure/readers/network-interface.ts';
import { type Action, nothingPlanned, type Verification } from '../playbook/action.ts';
import { waysIn } from './lock-group.ts';
import { decideInbound, prefixOf } from './way-in.ts';

const checkState = z.looseObject({ interfaces: z.array(z.string()), address: z.string(), ports: z.array(z.number()) });

/**
 * Does the responder's address still reach the machine, by Azure's effective rules? It is enough that one interface
 * lets it in on one of the ports. Says nothing of what listens there, nor of a public address or route.
 */
export function networkCheck(connection: Connection): Action {
  return {
    name: 'network.check',
    input: waysIn,
    danger: 'none',
    async plan(context, input) {
      const { ports } = waysIn.parse(input);
      const machine = await readMachine(connection, context.target);
      return {
        title: 'Check your own way in',
        ...nothingPlanned(),
        consequences: [],
        state: {
          interfaces: interfacesOf(machine),
          address: prefixOf(context.responderAddress)?.prefix ?? '',
          ports: ports.map((port) => Number(String(port).split('-')[0])),
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
      const open = new Set<number>();
      const closed: string[] = [];
      const unclear: string[] = [];
      for (const id of state.interfaces) {
        const effective = await effectiveRules(connection, id, context.signal);
        if (effective.state === 'not-asked') {
          unclear.push(effective.because);
          continue;
        }
        for (const port of state.ports) {
          // Every group on the way must allow it: the subnet's and the interface's.
          const decisions = effective.groups.map((group) => ({
            ...decideInbound(group.rules, state.address, port),
            group: shortName(group.id),
          }));
          const no = decisions.find((one) => one.allowed === false);
          const perhaps = decisions.find((one) => one.allowed === null);
          if (no) closed.push(`${port}: ${no.group}/${no.rule}`);
          else if (perhaps) unclear.push(`${port} depends on ${perhaps.group}/${perhaps.rule}`);
          else open.add(port);
        }
      }
      if (open.size > 0) {
        const ports = [...open].sort((a, b) => a - b).join(', ');
        return {
          ok: true,
          text: `Your way in: ${state.address} is allowed to tcp ${ports} by Azure's effective rules.`,
        };
      }
      if (unclear.length > 0) {
        return { ok: null, text: `Your way in could not be checked: ${[...new Set(unclear)].slice(0, 3).join('; ')}.` };
      }
      const why = [...new Set(closed)].slice(0, 3).join('; ');
      return { ok: false, text: `${state.address} is not let in on any of tcp ${state.ports.join(', ')} (${why}).` };
    },
  };
}
