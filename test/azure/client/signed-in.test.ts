import { describe, expect, it } from 'vitest';
import { identityOf } from '../../../src/azure/client/signed-in.ts';
import { warningsAbout } from '../../../src/azure/client/who-acts.ts';

const tokenOf = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const home = '11111111-2222-4333-8444-555555555555';
const other = '66666666-7777-4888-8999-aaaaaaaaaaaa';

describe('identityOf', () => {
  it('reads the claims, and survives a token that is none', () => {
    const person = { upn: 'anna@contoso.com', oid: 'o', tid: 't', ipaddr: '198.51.100.20', amr: ['pwd', 'mfa'] };
    expect(identityOf(tokenOf(person))).toEqual({
      name: 'anna@contoso.com',
      objectId: 'o',
      tenantId: 't',
      address: '198.51.100.20',
      kind: 'person',
      secondFactor: true,
    });
    expect(identityOf('opaque')).toMatchObject({ name: 'unknown', kind: 'unknown', secondFactor: null });
    expect(identityOf(tokenOf([1]))).toMatchObject({ name: 'unknown' });
  });

  it('tells an application and a managed identity from a person', () => {
    const machine = '/subscriptions/s/resourcegroups/g/providers/Microsoft.Compute/virtualMachines/jump01';
    expect(identityOf(tokenOf({ idtyp: 'app', appid: 'a', oid: 'o', xms_mirid: machine }))).toMatchObject({
      kind: 'managed identity',
      name: 'jump01',
      secondFactor: null,
    });
    expect(identityOf(tokenOf({ idtyp: 'app', appid: 'a-b', app_displayname: 'deploy' }))).toMatchObject({
      kind: 'application',
      name: 'deploy',
    });
    expect(identityOf(tokenOf({ appid: 'a-b' })).kind).toBe('application');
  });

  it('knows a missing second factor from one that the token does not report of', () => {
    expect(identityOf(tokenOf({ upn: 'a@b', amr: ['pwd'] })).secondFactor).toBe(false);
    expect(identityOf(tokenOf({ upn: 'a@b' })).secondFactor).toBeNull();
    expect(identityOf(tokenOf({ idtyp: 'app', appid: 'a', amr: ['pwd'] })).secondFactor).toBeNull();
  });
});

describe('what is odd about who acts', () => {
  const anna = identityOf(tokenOf({ upn: 'anna@contoso.com', tid: home }));
  const tenants = async () => [
    { id: home, domains: ['contoso.com', 'contoso.onmicrosoft.com'] },
    { id: other, domains: ['fabrikam.com'] },
  ];
  const none = async () => [];

  it('is nothing for a person in the tenant that was asked for, by id or by domain', async () => {
    expect(await warningsAbout(anna, '', none)).toEqual([]);
    expect(await warningsAbout(anna, home.toUpperCase(), none)).toEqual([]);
    expect(await warningsAbout(anna, 'Contoso.com', tenants)).toEqual([]);
  });

  it('is another tenant, with the line that signs in to the right one', async () => {
    expect(await warningsAbout(anna, other, none)).toEqual([
      `this sign-in is of tenant ${home}, not of ${other}: az login --tenant ${other}`,
    ]);
    expect((await warningsAbout(anna, 'fabrikam.com', tenants))[0]).toContain('az login --tenant fabrikam.com');
  });

  it('is a domain that Azure names nowhere, without a verdict', async () => {
    const [told] = await warningsAbout(anna, 'customer.example', tenants);
    expect(told).toContain('could not be told');
    const failing = () => Promise.reject(new Error('403'));
    expect((await warningsAbout(anna, 'contoso.com', failing))[0]).toContain('could not be told');
  });

  it('is an application', async () => {
    const app = identityOf(tokenOf({ idtyp: 'app', appid: 'a', tid: home, xms_mirid: '/x/jump01' }));
    const [told] = await warningsAbout(app, '', none);
    expect(told).toContain('managed identity');
    expect(told).toContain('jump01');
  });
});
