import { checkFaults, FaultsError } from './faults.ts';
import type { Gateway, Incoming } from './gateway.ts';
import type { OwnReply } from './identity-endpoint.ts';
import { isRecord } from './json.ts';
import { signContainer } from './storage-signature.ts';

const bad = (message: string): OwnReply => ({ status: 400, body: { error: { code: 'BadRequest', message } } });

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * The simulator's own paths, which no Azure has: `/simulator/now`, `/simulator/mutations`, `/simulator/world` to look, `/simulator/sas` for a signature of a container;
 * POST `/simulator/faults` (a list adds, an empty list clears), `/simulator/clock` (`{ "skipSeconds": n }`) to act.
 */
export function answerControl(gateway: Gateway, identityHeader: string, incoming: Incoming): OwnReply | undefined {
  const { azure } = gateway;
  const path = new URL(incoming.target, 'http://localhost').pathname.toLowerCase();
  if (!path.startsWith('/simulator/')) return undefined;
  azure.operations.settle();
  switch (`${incoming.method} ${path}`) {
    case 'GET /simulator/now':
      return { status: 200, body: { now: azure.clock.now().toISOString(), identityHeader } };
    case 'GET /simulator/mutations':
      return { status: 200, body: { mutations: gateway.mutations } };
    case 'GET /simulator/world':
      return {
        status: 200,
        body: {
          now: azure.clock.now().toISOString(),
          subscriptions: azure.subscriptions,
          resources: [...azure.store.all()],
          backup: azure.backup,
        },
      };
    case 'POST /simulator/faults':
      try {
        const faults = checkFaults(parsed(incoming.body), 'faults');
        if (faults.length === 0) {
          azure.faults.clear();
          azure.tokens.answerAgain();
        }
        azure.faults.add(faults);
        return { status: 200, body: { added: faults.length } };
      } catch (error) {
        if (error instanceof FaultsError) return bad(error.message);
        throw error;
      }
    case 'POST /simulator/clock': {
      const body = parsed(incoming.body);
      const seconds = isRecord(body) ? body.skipSeconds : undefined;
      if (typeof seconds !== 'number' || !(seconds >= 0))
        return bad('expected { "skipSeconds": a number of at least 0 }');
      azure.clock.skip(seconds * 1000);
      azure.operations.settle();
      return { status: 200, body: { now: azure.clock.now().toISOString() } };
    }
    case 'GET /simulator/sas': {
      const { searchParams } = new URL(incoming.target, 'http://localhost');
      const [account, container] = ['account', 'container'].map((name) => searchParams.get(name) ?? '');
      return {
        status: 200,
        body: { sas: signContainer(azure, account ?? '', container ?? '', searchParams.get('sp') ?? undefined) },
      };
    }
    default:
      return { status: 404, body: { error: { code: 'NotFound', message: 'The simulator has no such path.' } } };
  }
}
