import { describe, expect, it } from 'vitest';
import { columnsOf, isKnownTable } from '../../src/kql/table-schemas.ts';

describe('the columns of tables', () => {
  it.each([
    ['DeviceProcessEvents', 'ProcessId', 'long'],
    ['DeviceNetworkEvents', 'RemotePort', 'int'],
    ['EmailEvents', 'RecipientEmailAddress', 'string'],
    ['CloudAppEvents', 'RawEventData', 'dynamic'],
    ['AlertEvidence', 'AdditionalFields', 'dynamic'],
    ['IdentityLogonEvents', 'Port', 'string'],
    ['OfficeActivity', 'OfficeId', 'string'],
    ['CommonSecurityLog', 'DestinationPort', 'int'],
    ['NTANetAnalytics', 'FlowStartTime', 'datetime'],
    ['SecurityIncident', 'AlertIds', 'dynamic'],
    ['SecurityAlert', 'Entities', 'string'],
    ['SigninLogs', 'ResultType', 'string'],
    ['DeviceProcessEvents', 'ProcessUniqueId', 'string'],
    ['DeviceEvents', 'Timestamp', 'datetime'],
    ['EmailEvents', 'ThreatClassification', 'string'],
    ['DeviceTvmSoftwareVulnerabilities', 'CveId', 'string'],
    ['ExposureGraphNodes', 'NodeProperties', 'dynamic'],
    ['AADSignInEventsBeta', 'ErrorCode', 'int'],
    ['ThreatIntelIndicators', 'ObservableValue', 'string'],
    ['ASimAuthenticationEventLogs', 'EventResult', 'string'],
  ])('%s has %s as %s', (table, column, type) => {
    expect(isKnownTable(table)).toBe(true);
    expect(columnsOf(table)).toMatchObject({ [column]: type, TimeGenerated: 'datetime' });
  });

  it('knows two names of the time in the tables of Defender alone', () => {
    expect(
      ['IdentityInfo', 'CloudAppEvents', 'SigninLogs', 'OfficeActivity'].map((t) => 'Timestamp' in columnsOf(t)),
    ).toEqual([true, true, false, false]);
  });

  it('knows nothing of a table by the name of a property of every object', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'NoSuch']) expect(isKnownTable(name)).toBe(false);
  });
});
