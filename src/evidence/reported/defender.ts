import { fieldText, instantOf, type RowReporter } from './reporter.ts';

/** Windows' numbers of logon types by the words that the table has (its page, and Sentinel's ASIM parser, 2023-07). */
const logonTypes: ReadonlyMap<string, number> = new Map(
  Object.entries({
    interactive: 2,
    network: 3,
    batch: 4,
    service: 5,
    unlock: 7,
    networkcleartext: 8,
    newcredentials: 9,
    remoteinteractive: 10,
    'remote interactive (rdp) logons': 10,
    cachedinteractive: 11,
    cachedremoteinteractive: 12,
    cachedunlock: 13,
  }),
);

const outcomes = new Map([
  ['LogonFailed', 'failed'],
  ['LogonSuccess', 'succeeded'],
  ['LogonAttempted', 'not told'],
] as const);

/**
 * Defender for Endpoint's logons (learn.microsoft.com/defender-xdr/advanced-hunting-devicelogonevents-table, 2024-09-06;
 * /azure/azure-monitor/reference/tables/devicelogonevents, 2022-11-17): of devices that are onboarded, from Windows Server 2012 R2 on.
 * Microsoft documents no list of FailureReason; its parser for ASIM knows InvalidUserNameOrPassword.
 */
export const deviceLogonEvents: RowReporter = {
  lacks:
    'logons that Defender did not record (no page of Microsoft promises every one, and only onboarded devices have any), and addresses that it left empty',
  logonOf: (row) => {
    const outcome = new Map<string, 'failed' | 'succeeded' | 'not told'>(outcomes).get(fieldText(row, 'ActionType'));
    if (outcome === undefined) return null;
    const at = instantOf(row.get('Timestamp')) ?? instantOf(row.get('TimeGenerated'));
    if (at === null) return { because: 'it has no time that can be read' };
    const [computer, account] = [fieldText(row, 'DeviceName', 'DeviceId'), fieldText(row, 'AccountName')];
    const address = fieldText(row, 'RemoteIP');
    const reason = fieldText(row, 'FailureReason');
    // ReportId is a counter that begins anew: "To identify unique events, this column must be used in conjunction with …".
    const id = fieldText(row, 'ReportId') || `${outcome}\n${account}\n${address}`;
    return {
      at,
      computer,
      account,
      domain: fieldText(row, 'AccountDomain'),
      address,
      logonType: logonTypes.get(fieldText(row, 'LogonType').toLowerCase()) ?? null,
      outcome,
      code: outcome === 'failed' ? `defender:${reason.toLowerCase()}` : '',
      program: fieldText(row, 'InitiatingProcessFolderPath', 'InitiatingProcessFileName'),
      id: `${computer}\n${at}\n${id}`,
      once: row.has('ReportId'),
    };
  },
};
