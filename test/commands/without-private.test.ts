import { describe, expect, it } from 'vitest';
import { withoutPrivate } from '../../src/commands/without-private.ts';
import { cordon } from '../e2e/cordon.ts';

describe('a document for a report in public', () => {
  const names = [
    { kind: 'subscription', name: 'contoso-prod' },
    { kind: 'vm', name: 'web01' },
  ];

  it('keeps what is said and leaves out whom it is about', () => {
    const id = '/subscriptions/3d9b7a10-6c24-4e58-9f01-8a5b2c7de641/resourceGroups/rg-web';
    const said = withoutPrivate(
      {
        asOf: '2026-11-23T02:20:00Z',
        text: `anna@contoso.com may not read ${id}/providers/Microsoft.Network/networkSecurityGroups/web-nsg/securityRules/allow-rdp from 203.0.113.9 and 2001:db8:0:1::9`,
        checks: [{ subscription: 'contoso-prod', machine: 'web01', more: 'WEB01, web012', ask: `scope ${id}` }],
      },
      names,
    );
    expect(said).toEqual({
      asOf: '2026-11-23T02:20:00Z',
      text: '<user-1> may not read /subscriptions/<id-1>/resourceGroups/<group-1>/providers/Microsoft.Network/networkSecurityGroups/<name-1>/securityRules/<name-2> from <address-1> and <address-2>',
      checks: [
        {
          subscription: '<subscription-1>',
          machine: '<vm-1>',
          more: '<vm-1>, web012',
          ask: 'scope /subscriptions/<id-1>/resourceGroups/<group-1>',
        },
      ],
    });
  });

  it('is what doctor --json --redact prints', async () => {
    const { code, stdout } = await cordon(['doctor', '--demo', '--json', '--redact']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'cordon.doctor/1' });
    expect(stdout).not.toMatch(/contoso|web01|[0-9a-f]{8}-[0-9a-f]{4}-|@|\d+\.\d+\.\d+\.\d+/i);
  });
});
