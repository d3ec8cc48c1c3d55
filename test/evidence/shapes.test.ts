import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

/** A file in a folder of its own, which is the evidence. */
function write(name: string, content: string): string {
  const path = join(folder.path, name);
  mkdirSync(dirname(path), { recursive: true });
  folder.write(name, content);
  return join(folder.path, name.split('/')[0] ?? '');
}

async function ask(query: string, evidence: string) {
  const { files } = await gatherEvidence([evidence], { named: evidenceFile });
  const { columns, rows, notes } = await runQuery({ query, files, now: 0, limit: 100 }, () => {});
  return { rows: rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]))), notes };
}

const signIn = {
  id: '11111111-2222-3333-4444-555555555555',
  createdDateTime: '2026-11-22T10:00:00Z',
  userDisplayName: 'Alice A',
  userPrincipalName: 'alice@contoso.com',
  appId: 'app-1',
  appDisplayName: 'Azure Portal',
  ipAddress: '203.0.113.9',
  clientAppUsed: 'Browser',
  conditionalAccessStatus: 'notApplied',
  isInteractive: true,
  resourceId: 'resource-1',
  status: { errorCode: 50126, failureReason: 'Invalid username or password' },
  deviceDetail: { browser: 'Edge', operatingSystem: 'Windows10' },
  location: { city: 'Ghent', state: 'East Flanders', countryOrRegion: 'BE' },
  appliedConditionalAccessPolicies: [{ displayName: 'MFA', result: 'notApplied' }],
};
const query =
  'SigninLogs | project TimeGenerated, CreatedDateTime, UserPrincipalName, Identity, IPAddress, ResultType, ResultDescription, Location, City = tostring(LocationDetails.city), Code = toint(Status.errorCode), Browser = tostring(DeviceDetail.browser), ResourceIdentity, AppDisplayName, ConditionalAccessStatus';
const row = {
  TimeGenerated: '2026-11-22T10:00:00Z',
  CreatedDateTime: '2026-11-22T10:00:00Z',
  UserPrincipalName: 'alice@contoso.com',
  Identity: 'Alice A',
  IPAddress: '203.0.113.9',
  ResultType: '50126',
  ResultDescription: 'Invalid username or password',
  Location: 'BE',
  City: 'Ghent',
  Code: 50126,
  Browser: 'Edge',
  ResourceIdentity: 'resource-1',
  AppDisplayName: 'Azure Portal',
  ConditionalAccessStatus: 'notApplied',
};

describe('sign-ins of Entra', () => {
  it('are rows of SigninLogs from the portal’s JSON and from Graph', async () => {
    const portal = write('portal/InteractiveSignIns_2026-11-22.json', JSON.stringify([signIn], null, 2));
    expect((await ask(query, portal)).rows).toEqual([row]);
    const graph = write(
      'graph/page.json',
      JSON.stringify({ '@odata.context': 'https://graph.microsoft.com', value: [signIn] }),
    );
    expect((await ask(query, graph)).rows).toEqual([row]);
  });

  it('may have columns with names that JavaScript’s objects have', async () => {
    const evidence = write(
      'names/InteractiveSignIns.json',
      JSON.stringify([{ ...signIn, constructor: 'x', valueOf: 1 }]),
    );
    const found = await ask(`${query}, constructor, valueOf`, evidence);
    expect(found.rows).toEqual([{ ...row, constructor: 'x', valueOf: 1 }]);
    const diagnostic = write(
      'diagnostic/PT1H.json',
      JSON.stringify({ time: 'x', category: 'constructor', resourceId: '/x' }),
    );
    expect((await gatherEvidence([diagnostic], { named: evidenceFile })).files).toEqual([]);
  });

  it('are rows of SigninLogs from the portal’s CSV, whose header names a column twice', async () => {
    const csv = write(
      'csv/InteractiveSignIns_2026-11-22.csv',
      '"Date (UTC)","Request ID","User","Username","Application","Application ID ","Resource","Resource ID ","IP address","Location","Status","Sign-in error code","Failure reason","Browser","Operating System","Compliant","Incoming token type","Autonomous system  number","Token issuer type","Incoming token type","Conditional Access","Flagged for review"\r\n' +
        '2026-11-22T10:00:00Z,r1,Alice A,alice@contoso.com,Azure Portal,app-1,Graph,resource-1,203.0.113.9,"Ghent, East Flanders, BE",Failure,50126,Invalid username or password,Edge,Windows10,,none,64500,AzureAD,none,Not Applied,False\r\n' +
        '2026-11-22T10:01:00Z,r2,Alice A,alice@contoso.com,Azure Portal,app-1,Graph,resource-1,203.0.113.9,"Ghent, East Flanders, BE",Success,,,Edge,Windows10,True,none,64500,AzureAD,,Success,False\r\n',
    );
    expect((await ask(`${query} | sort by TimeGenerated asc`, csv)).rows).toEqual([
      row,
      {
        ...row,
        TimeGenerated: '2026-11-22T10:01:00Z',
        CreatedDateTime: '2026-11-22T10:01:00Z',
        ResultType: '0',
        ResultDescription: '',
        Code: 0,
        ConditionalAccessStatus: 'success',
      },
    ]);
    const other = await ask(
      'SigninLogs | project Id, Compliant = tostring(DeviceDetail.isCompliant), AutonomousSystemNumber, IncomingTokenType, Flagged = column_ifexists("Flagged for review", "")',
      csv,
    );
    expect(other.rows).toEqual([
      { Id: 'r1', Compliant: '', AutonomousSystemNumber: '64500', IncomingTokenType: 'none', Flagged: false },
      { Id: 'r2', Compliant: 'true', AutonomousSystemNumber: '64500', IncomingTokenType: 'none', Flagged: false },
    ]);
  });

  it('are of the table that their name or the record says', async () => {
    const quiet = write(
      'quiet/NonInteractiveSignIns_2026-11-22.json',
      JSON.stringify([{ ...signIn, isInteractive: false }]),
    );
    const told = await ask('AADNonInteractiveUserSignInLogs | project ResultType, Status, DeviceDetail', quiet);
    expect(told.rows).toEqual([
      { ResultType: '50126', Status: JSON.stringify(signIn.status), DeviceDetail: JSON.stringify(signIn.deviceDetail) },
    ]);
    const audit = write(
      'audit/AuditLogs.json',
      JSON.stringify([
        {
          id: 'a1',
          activityDateTime: '2026-11-22T11:00:00Z',
          activityDisplayName: 'Add user',
          category: 'UserManagement',
          result: 'success',
          operationType: 'Add',
          initiatedBy: { user: { userPrincipalName: 'alice@contoso.com' } },
          targetResources: [{ displayName: 'eve' }],
        },
      ]),
    );
    const audits = await ask(
      'AuditLogs | project TimeGenerated, OperationName, Result, AADOperationType, By = tostring(InitiatedBy.user.userPrincipalName), To = tostring(TargetResources[0].displayName)',
      audit,
    );
    expect(audits.rows).toEqual([
      {
        TimeGenerated: '2026-11-22T11:00:00Z',
        OperationName: 'Add user',
        Result: 'success',
        AADOperationType: 'Add',
        By: 'alice@contoso.com',
        To: 'eve',
      },
    ]);
  });
});

const container = 'resourceId=/SUBSCRIPTIONS/S1/y=2026/m=11/d=22/h=10/m=00/PT1H.json';
const nsg = '/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Network/networkSecurityGroups/nsg1';
const written = {
  time: '2026-11-22T10:00:00.1234567Z',
  resourceId: nsg,
  operationName: 'Microsoft.Network/networkSecurityGroups/write',
  category: 'Administrative',
  resultType: 'Success',
  resultSignature: 'Succeeded.Created',
  durationMs: 0,
  callerIpAddress: '203.0.113.9',
  correlationId: 'c1',
  identity: {
    authorization: { scope: nsg, action: 'Microsoft.Network/networkSecurityGroups/write' },
    claims: { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': 'alice@contoso.com', appid: 'app-1' },
  },
  level: 'Information',
  properties: { statusCode: 'Created', eventCategory: 'Administrative' },
};
const activityQuery =
  'AzureActivity | project TimeGenerated, OperationNameValue, ActivityStatusValue, ActivitySubstatusValue, CategoryValue, Caller, CallerIpAddress, SubscriptionId, ResourceGroup, ResourceProviderValue, Scope = tostring(Authorization_d.scope), Status = tostring(parse_json(Properties).statusCode)';
const activityRow = {
  TimeGenerated: '2026-11-22T10:00:00.1234567Z',
  OperationNameValue: 'Microsoft.Network/networkSecurityGroups/write',
  ActivityStatusValue: 'Success',
  ActivitySubstatusValue: 'Created',
  CategoryValue: 'Administrative',
  Caller: 'alice@contoso.com',
  CallerIpAddress: '203.0.113.9',
  SubscriptionId: 's1',
  ResourceGroup: 'rg1',
  ResourceProviderValue: 'Microsoft.Network',
  Scope: nsg,
  Status: 'Created',
};

describe('what diagnostic settings write', () => {
  it('is AzureActivity, one record a line or in a list, and names records of other kinds', async () => {
    const lines = write(
      `insights-activity-logs/${container}`,
      `${JSON.stringify(written)}\n${JSON.stringify({ ...written, category: 'SignInLogs' })}\n`,
    );
    const { rows, notes } = await ask(activityQuery, lines);
    expect(rows).toEqual([activityRow]);
    expect(notes.join()).toContain('1 record of other kinds than AzureActivity left out');
    const { properties, ...older } = written;
    const hub = write(
      'hub/PT1H.json',
      JSON.stringify({ records: [{ ...older, category: 'Write', properties: { statusCode: properties.statusCode } }] }),
    );
    expect((await ask(activityQuery, hub)).rows).toEqual([activityRow]);
  });

  it('is AzureActivity from the REST interface and az too', async () => {
    const event = {
      eventTimestamp: '2026-11-22T10:00:00.1234567Z',
      eventDataId: 'e1',
      caller: 'alice@contoso.com',
      operationName: { value: 'Microsoft.Network/networkSecurityGroups/write', localizedValue: 'Create NSG' },
      status: { value: 'Succeeded', localizedValue: 'Succeeded' },
      subStatus: { value: 'Created', localizedValue: 'Created (HTTP)' },
      category: { value: 'Administrative' },
      httpRequest: { clientIpAddress: '203.0.113.9' },
      resourceId: nsg,
      resourceGroupName: 'rg1',
      resourceProviderName: { value: 'Microsoft.Network' },
      subscriptionId: 's1',
      authorization: { scope: nsg },
      properties: { statusCode: 'Created' },
    };
    const path = write('az/activity.json', JSON.stringify([event]));
    expect((await ask(activityQuery, path)).rows).toEqual([{ ...activityRow, ActivityStatusValue: 'Succeeded' }]);
    // Get-AzActivityLog | ConvertTo-Json: the same names with capitals, and Windows PowerShell's times.
    const capitals = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([name, inner]) => [
              name.replace(/^./, (letter) => letter.toUpperCase()),
              capitals(inner),
            ]),
          )
        : value;
    const { httpRequest, ...rest } = event;
    const [object] = [capitals({ ...rest, claims: { content: { ipaddr: httpRequest.clientIpAddress } } })];
    const shell = write(
      'shell/activity.json',
      JSON.stringify([{ ...(object as object), EventTimestamp: `/Date(${Date.parse('2026-11-22T10:00:00.123Z')})/` }]),
    );
    const { rows } = await ask(activityQuery, shell);
    expect(rows).toEqual([
      { ...activityRow, ActivityStatusValue: 'Succeeded', TimeGenerated: '2026-11-22T10:00:00.123Z' },
    ]);
  });

  it('is the tables of Entra and of Defender', async () => {
    const record = {
      time: '2026-11-22T10:00:00Z',
      resourceId: '/tenants/t1/providers/Microsoft.aadiam',
      operationName: 'Sign-in activity',
      category: 'SignInLogs',
      tenantId: 't1',
      resultType: '50126',
      resultDescription: 'Invalid username or password',
      callerIpAddress: '203.0.113.9',
      identity: 'Alice A',
      location: 'BE',
      properties: signIn,
    };
    const entra = write('insights-logs-signinlogs/tenantId=t1/y=2026/PT1H.json', `${JSON.stringify(record)}\n`);
    expect((await ask(query, entra)).rows).toEqual([row]);
    const device = {
      time: '2026-11-22T10:00:05Z',
      tenantId: 't1',
      operationName: 'Publish',
      category: 'AdvancedHunting-DeviceProcessEvents',
      properties: {
        Timestamp: '2026-11-22T10:00:00Z',
        DeviceName: 'web01',
        FileName: 'cmd.exe',
        ProcessCommandLine: 'cmd /c whoami',
        ReportId: 7,
      },
    };
    const defender = write('insights-logs-advancedhunting/PT1H.json', `${JSON.stringify(device)}\n`);
    const { rows } = await ask(
      'DeviceProcessEvents | project TimeGenerated, Timestamp, DeviceName, ProcessCommandLine, ReportId',
      defender,
    );
    expect(rows).toEqual([
      {
        TimeGenerated: '2026-11-22T10:00:00Z',
        Timestamp: '2026-11-22T10:00:00Z',
        DeviceName: 'web01',
        ProcessCommandLine: 'cmd /c whoami',
        ReportId: 7,
      },
    ]);
  });
});

describe('results of advanced hunting', () => {
  it.each([
    [
      'csv',
      'DeviceEvents.csv',
      'TimeGenerated [UTC],DeviceName,ActionType\r\n2026-11-22T10:00:00Z,web01,AntivirusReport\r\n',
    ],
    [
      'JSON lines',
      'DeviceEvents.jsonl',
      '{"TimeGenerated":"2026-11-22T10:00:00Z","DeviceName":"web01","ActionType":"AntivirusReport"}\n',
    ],
    [
      'JSON',
      'DeviceEvents.json',
      '[\n{"TimeGenerated":"2026-11-22T10:00:00Z","DeviceName":"web01","ActionType":"AntivirusReport"}]\n',
    ],
  ])('find their Timestamp in what Log Analytics exported as %s, and say so', async (_form, name, text) => {
    const file = write(`from-workspace-${name}/${name}`, text);
    const query = 'DeviceEvents | where Timestamp > datetime(2026-11-01) | project Timestamp, DeviceName';
    const { rows, notes } = await ask(query, file);
    expect(rows).toEqual([{ Timestamp: '2026-11-22T10:00:00Z', DeviceName: 'web01' }]);
    expect(notes.join()).toContain('it has no Timestamp: its TimeGenerated is the same time');
    expect((await ask('DeviceEvents | project TimeGenerated', file)).notes.join()).not.toContain('Timestamp');
  });

  it('are rows of the table whose columns they have, with both names of the time', async () => {
    const csv = write(
      'hunting/New query.csv',
      'Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath,ProcessCommandLine,ProcessId,AccountName,ProcessTokenElevation,ReportId\r\n' +
        '"Nov 22, 2026 10:00:00",d1,web01,ProcessCreated,cmd.exe,C:\\Windows,cmd /c whoami,42,eve,None,7\r\n2026-11-22T10:00:01.5Z,d1,web01,ProcessCreated,sc.exe,C:\\Windows,sc query,43,eve,None,8\r\n',
    );
    const { rows } = await ask(
      'DeviceProcessEvents | where Timestamp > datetime(2026-11-01) | project TimeGenerated, Timestamp, ProcessId | sort by TimeGenerated asc',
      csv,
    );
    expect(rows).toMatchObject([
      { TimeGenerated: '2026-11-22T10:00:00Z', ProcessId: 42 },
      { TimeGenerated: '2026-11-22T10:00:01.5Z', ProcessId: 43 },
    ]);
  });

  it.each([
    ['Graph', ['@odata.context', 'schema', 'results']],
    ['Defender', ['Stats', 'Schema', 'Results']],
  ])(
    'are rows of that table also as the API of %s answers them',
    async (api, [about = '', schema = '', results = '']) => {
      const found = {
        Timestamp: '2026-11-22T10:00:00Z',
        DeviceName: 'web01',
        ActionType: 'ProcessCreated',
        ProcessId: 42,
      };
      const answer = {
        [about]:
          api === 'Graph' ? 'https://graph.microsoft.com' : { ExecutionTime: 1, dataset_statistics: [{ rows: 1 }] },
        [schema]: Object.keys(found).map((Name) => ({ Name, Type: 'String' })),
        [results]: [found, { ...found, ProcessId: 43 }],
      };
      for (const indent of [0, 2]) {
        const file = write(`api-${api}-${indent}/answer.json`, JSON.stringify(answer, undefined, indent));
        const { rows } = await ask('DeviceProcessEvents | project DeviceName, ProcessId', file);
        expect(rows).toEqual([
          { DeviceName: 'web01', ProcessId: 42 },
          { DeviceName: 'web01', ProcessId: 43 },
        ]);
      }
    },
  );
});

/** A record of a minute, whose tuples are more than what is looked at of a file. */
const manyTuples = (tuple: (i: number) => string): string[] => Array.from({ length: 2000 }, (_, i) => tuple(i));
const values = ({ rows }: Awaited<ReturnType<typeof ask>>) => rows.map((found) => Object.values(found));

describe('flow logs', () => {
  it('of groups and of networks are a row for each flow, by what each field means', async () => {
    const group = {
      time: '2026-11-22T10:00:00Z',
      systemId: 's1',
      macAddress: '000D3AF8801A',
      category: 'NetworkSecurityGroupFlowEvent',
      resourceId: '/SUBSCRIPTIONS/S1/NSG1',
      operationName: 'NetworkSecurityGroupFlowEvents',
      properties: {
        Version: 2,
        flows: [
          {
            rule: 'UserRule_ssh',
            flows: [
              {
                mac: '000D3AF87856',
                flowTuples: [
                  '1795341600,203.0.113.9,10.0.0.4,50022,22,T,I,A,E,25,2000,30,9000',
                  '1795341601,203.0.113.9,10.0.0.4,50023,3389,T,I,D,B,,,,',
                  ...manyTuples((i) => `1795341602,198.51.100.7,10.0.0.4,${i},445,T,I,D`),
                ],
              },
            ],
          },
        ],
      },
    };
    const network = {
      time: '2026-11-22T10:00:00Z',
      flowLogVersion: 4,
      macAddress: '112233445566',
      category: 'FlowLogFlowEvent',
      flowLogResourceID: '/SUBSCRIPTIONS/S1/FLOW1',
      targetResourceID: '/subscriptions/s1/vnet1',
      flowRecords: {
        flows: [
          {
            aclID: 'acl1',
            flowGroups: [
              {
                rule: 'r1',
                flowTuples: [
                  '1795341600123,10.0.0.4,192.0.2.1,5000,53,17,O,B,NX,1,60,0,0',
                  '1795341601000,2001:db8::1,10.0.0.4,1,22,6,I,D,NX,0,0,0,0',
                ],
              },
            ],
          },
        ],
      },
    };
    const evidence = write('flows/nsg/PT1H.json', JSON.stringify({ records: [group] }));
    write('flows/vnet/PT1H.json', JSON.stringify({ records: [network] }));
    const counted = await ask('FlowLogs | summarize Flows = count() by FlowStatus | sort by FlowStatus asc', evidence);
    expect(counted.rows).toEqual([
      { FlowStatus: 'Allowed', Flows: 2 },
      { FlowStatus: 'Denied', Flows: 2002 },
    ]);
    const few = await ask(
      'FlowLogs | where SrcIp != "198.51.100.7" | sort by TimeGenerated asc, SrcIp asc | project TimeGenerated, SrcIp, SrcPort, DestPort, L4Protocol, FlowDirection, FlowState, AclRule, MacAddress, BytesDestToSrc',
      evidence,
    );
    expect(values(few)).toEqual([
      ['2026-11-22T10:00:00Z', '203.0.113.9', 50022, 22, 'T', 'Inbound', 'E', 'UserRule_ssh', '000D3AF87856', 9000],
      ['2026-11-22T10:00:00.123Z', '10.0.0.4', 5000, 53, 'U', 'Outbound', 'B', 'r1', '112233445566', 0],
      ['2026-11-22T10:00:01Z', '2001:db8::1', 1, 22, 'T', 'Inbound', 'D', 'r1', '112233445566', 0],
      ['2026-11-22T10:00:01Z', '203.0.113.9', 50023, 3389, 'T', 'Inbound', 'B', 'UserRule_ssh', '000D3AF87856', null],
    ]);
  });
});

describe('resource logs of a storage account', () => {
  it('of key vaults and of Azure Firewall are rows of the tables of the same records', async () => {
    const secret = {
      time: '2026-11-22T10:00:00Z',
      category: 'AuditEvent',
      operationName: 'SecretGet',
      callerIpAddress: '203.0.113.9',
      identity: { claim: { upn: 'alice@contoso.com' } },
      resourceId: '/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V1',
      properties: { id: 'https://v1.vault.azure.net/secrets/s1', httpStatusCode: 200, clientInfo: 'curl' },
    };
    const vault = write('vault/PT1H.json', `${JSON.stringify(secret)}\n`);
    const asked = await ask(
      'AZKVAuditLogs | project OperationName, CallerIpAddress, Id, HttpStatusCode, By = tostring(Identity.claim.upn), Info = tostring(Properties.clientInfo)',
      vault,
    );
    expect(values(asked)).toEqual([
      ['SecretGet', '203.0.113.9', 'https://v1.vault.azure.net/secrets/s1', 200, 'alice@contoso.com', 'curl'],
    ]);
    const denied = {
      time: '2026-11-22T10:00:00Z',
      category: 'AZFWNetworkRule',
      resourceId: '/SUBSCRIPTIONS/S1/FW1',
      properties: {
        Protocol: 'TCP',
        SourceIp: '10.0.0.4',
        DestinationIp: '192.0.2.1',
        DestinationPort: 22,
        Action: 'Deny',
      },
    };
    const firewall = write('firewall/PT1H.json', `${JSON.stringify(denied)}\n`);
    expect(values(await ask('AZFWNetworkRule | project SourceIp, DestinationPort, Action', firewall))).toEqual([
      ['10.0.0.4', 22, 'Deny'],
    ]);
  });
});

describe('the portal’s CSV', () => {
  it('of Entra’s audit log is AuditLogs, with who, from where, and what was changed', async () => {
    const csv = write(
      'audits/AuditLogs_2026-11-22.csv',
      '\ufeffDate (UTC),CorrelationId,Service,Category,Activity,Result,ResultReason,User Agent,ActorType,ActorDisplayName,ActorObjectId,ActorUserPrincipalName,IPAddress,ActorServicePrincipalId,ActorServicePrincipalName,Target1Type,Target1DisplayName,Target1ObjectId,Target1UserPrincipalName,Target1ModifiedProperty1Name,Target1ModifiedProperty1OldValue,Target1ModifiedProperty1NewValue\r\n' +
        '2026-11-22T10:00:00+00:00,c1,Core Directory,RoleManagement,Add member to role,success,,curl,User,Alice A,o1,alice@contoso.com,203.0.113.9,,,User,Eve,o2,eve@contoso.com,Role.DisplayName,,"""Global Administrator"""\r\n' +
        '2026-11-22T10:01:00+00:00,c2,Core Directory,ApplicationManagement,Add service principal,success,,,Application,Sync,o3,,,sp1,Sync,,,,,,,\r\n',
    );
    const asked = await ask(
      'AuditLogs | sort by TimeGenerated asc | project TimeGenerated, OperationName, By = tostring(InitiatedBy.user.userPrincipalName), From = tostring(InitiatedBy.user.ipAddress), App = tostring(InitiatedBy.app.servicePrincipalId), Target = tostring(TargetResources[0].userPrincipalName), New = tostring(TargetResources[0].modifiedProperties[0].newValue)',
      csv,
    );
    expect(values(asked)).toEqual([
      [
        '2026-11-22T10:00:00Z',
        'Add member to role',
        'alice@contoso.com',
        '203.0.113.9',
        '',
        'eve@contoso.com',
        '"Global Administrator"',
      ],
      ['2026-11-22T10:01:00Z', 'Add service principal', '', '', 'sp1', '', ''],
    ]);
  });

  it('of the activity log is AzureActivity, without the operation’s name and the address, which it has not', async () => {
    const csv = write(
      'portal-activity/QueryResult.csv',
      'Correlation id,Operation name,Status,Event category,Level,Time,Subscription,Event initiated by,Resource type,Resource group,Resource\r\n' +
        'c1,Create or Update Virtual Machine,Succeeded,Administrative,Informational,2026-11-22T10:00:00.0000000Z,s1,alice@contoso.com,Microsoft.Compute/virtualMachines,rg1,/subscriptions/s1/vm1\r\n',
    );
    const asked = await ask(
      'AzureActivity | project TimeGenerated, OperationName, OperationNameValue, ActivityStatusValue, Caller, CallerIpAddress, _ResourceId',
      csv,
    );
    expect(values(asked)).toEqual([
      [
        '2026-11-22T10:00:00Z',
        'Create or Update Virtual Machine',
        '',
        'Success',
        'alice@contoso.com',
        '',
        '/subscriptions/s1/vm1',
      ],
    ]);
  });
});
