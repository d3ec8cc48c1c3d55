import type { Layer, SessionState } from '../src/session/state.ts';
import { count, counted } from '../src/text/counts.ts';
import { moment, sameDay } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { type Detail, sourceLines } from './detail-text.ts';

/** What one address did on every VM whose logs can be read. */
export function addressDetail(state: SessionState, layer: Extract<Layer, { kind: 'address' }>): Detail {
  const address = layer.addresses[layer.at] ?? '';
  const fact = state.traces.get(address);
  const place = layer.addresses.length > 1 ? `   ${layer.at + 1} of ${layer.addresses.length}: Tab for the next` : '';
  const title = `${address}: what it did here and elsewhere${place}`;
  if (!fact) return { title, asOf: '', lines: [{ label: mark.loading, text: 'asking the logs' }], tables: [] };
  if (fact.state === 'unknown') return { title, asOf: '', lines: sourceLines(fact), tables: [] };
  const { machines } = fact.value;
  const failures = machines.reduce((sum, machine) => sum + machine.failures, 0);
  const entered = machines.filter((machine) => machine.successes > 0);
  const told = [
    `${counted(failures, 'failed logon')} on ${counted(machines.length, 'VM')}`,
    entered.length > 0 ? `logons on ${entered.map(({ name }) => name).join(', ')}` : 'no logon',
  ].join('; ');
  return {
    title,
    asOf: fact.asOf,
    lines: [
      { label: 'In all', text: machines.length === 0 ? 'It is in no log that can be read.' : told },
      ...machines.flatMap((machine) => [
        {
          label: machine.successes > 0 ? `${mark.critical} ${machine.name}` : machine.name,
          text: [
            counted(machine.failures, 'failed logon'),
            machine.firstSuccess === null
              ? 'no logon'
              : `${counted(machine.successes, 'LOGON')}, the first ${moment(machine.firstSuccess)}`,
            `${moment(machine.first)} to ${sameDay(machine.last, new Date(machine.first))}`,
          ].join(' · '),
        },
        {
          label: '',
          text: [
            ...machine.accounts
              .slice(0, 8)
              .map((one) => `${one.name} ${count(one.failures)}${one.successes > 0 ? ` (${one.successes} in)` : ''}`),
            ...(machine.distinctAccounts > 8 ? [`and ${counted(machine.distinctAccounts - 8, 'more account')}`] : []),
          ].join(', '),
        },
      ]),
      ...sourceLines(fact),
    ],
    tables: [],
  };
}
