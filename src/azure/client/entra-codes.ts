import type { Gap, WhyUnknown } from '../../documents/fact.ts';

/**
 * What Entra ID's codes mean for a user at a terminal, and what to do. Of "Microsoft Entra authentication and
 * authorization error codes" (learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11-29), only
 * those that a sign-in to Azure meets. The codes may change: an unknown one is reported with Entra's own sentence.
 */
interface Meaning {
  codes: number[];
  why: WhyUnknown;
  because: string;
  /** `LOGIN` stands for the line that signs in again, in the tenant that was asked for; `SCOPE` for what it is for. */
  cure: string;
}

const askConditionalAccess =
  'ask the customer which Conditional Access policy it was: Entra admin center, Sign-in logs, the failed sign-in, Conditional Access';

const meanings: Meaning[] = [
  {
    codes: [700082, 70008, 70043, 50078, 50089, 700084],
    why: 'not-signed-in',
    because: 'the sign-in has expired',
    cure: 'run LOGIN, then refresh',
  },
  {
    codes: [50173, 50132, 50133, 70000],
    why: 'not-signed-in',
    because: 'the sign-in was revoked: the password was changed, or somebody ended the sessions',
    cure: 'run LOGIN; when you did not change it, tell the customer: the account itself may be in the attacker’s hands',
  },
  {
    codes: [50076, 50074, 50158],
    why: 'second-factor',
    because: 'Entra wants a second factor for Azure',
    cure: 'run LOGIN --scope SCOPE, then refresh',
  },
  {
    codes: [50079, 50072, 53004],
    why: 'second-factor',
    because: 'Entra wants a second factor, and this account has none registered in that tenant',
    cure: 'register one at https://aka.ms/mfasetup in that tenant, then run LOGIN',
  },
  {
    codes: [53003, 50131, 530032, 530031, 53002],
    why: 'policy',
    because: 'a Conditional Access policy of the tenant blocks this sign-in',
    cure: `${askConditionalAccess}; an exclusion for responders, or a place or device that it allows, lets you in`,
  },
  {
    codes: [53000, 53001, 50097, 50129, 50155, 50187, 50005],
    why: 'policy',
    because: 'a Conditional Access policy wants a device that the tenant manages',
    cure: `sign in on a compliant device (no device code); or ${askConditionalAccess}`,
  },
  {
    codes: [53011, 530034, 50053],
    why: 'policy',
    because: 'Entra blocks this account for the risk that it sees: many failures, or a malicious address',
    cure: 'ask the customer’s identity team to look at the risk and to unblock the account',
  },
  {
    codes: [500021, 500022, 50002],
    why: 'policy',
    because: 'your own network allows no sign-in to that tenant (tenant restrictions)',
    cure: 'ask your own network’s administrators to allow the customer’s tenant, or use another network',
  },
  {
    codes: [500212, 500213],
    why: 'policy',
    because: 'cross-tenant access settings allow no sign-in of your organisation to that tenant',
    cure: 'ask the customer, and your own identity team, to allow it in Entra’s cross-tenant access settings',
  },
  {
    codes: [500011, 50001, 650057],
    why: 'not-signed-in',
    because: 'the tenant does not know the service that was asked for: az is signed in to another cloud, or tenant',
    cure: 'az cloud show tells az’s cloud: it must be that of --cloud (az cloud set --name …); then LOGIN',
  },
  {
    codes: [90002, 900023, 50059, 50128],
    why: 'not-signed-in',
    because: 'there is no such tenant in this cloud',
    cure: 'check --tenant for a slip; the customer finds its id in the Entra admin center. For another cloud: --cloud',
  },
  {
    codes: [50020, 50034, 51004, 16003, 16000, 50014],
    why: 'not-signed-in',
    because: 'this account does not exist in that tenant',
    cure: 'sign in with the account that the customer gave you, or ask to be invited as a guest: LOGIN',
  },
  {
    codes: [50126, 50056, 50064, 50055, 50144],
    why: 'not-signed-in',
    because: 'the user name or the password is wrong, or the password has expired',
    cure: 'run LOGIN, then refresh',
  },
  {
    codes: [50057],
    why: 'not-signed-in',
    because: 'the account is disabled',
    cure: 'ask the customer to enable it, or for another account: accounts are disabled during an incident',
  },
  {
    codes: [65001, 650052, 90008],
    why: 'not-signed-in',
    because: 'nobody has consented to this application in the tenant',
    cure: 'sign in with the Azure CLI instead: LOGIN, then --auth cli; or ask the customer’s administrator to consent',
  },
  {
    codes: [700016, 700011, 70001],
    why: 'not-signed-in',
    because: 'the application (AZURE_CLIENT_ID) does not exist in that tenant',
    cure: 'check AZURE_CLIENT_ID and AZURE_TENANT_ID, or unset them and LOGIN',
  },
  {
    codes: [7000215, 7000222, 70002, 700027],
    why: 'not-signed-in',
    because: 'the secret or the certificate of the application is wrong or has expired',
    cure: 'renew AZURE_CLIENT_SECRET or the certificate, or unset them and LOGIN',
  },
  {
    codes: [70016, 70019, 70018],
    why: 'not-signed-in',
    because: 'the code was not entered in time, or wrongly',
    cure: 'start cordon again and enter the new code',
  },
  {
    codes: [90006, 90012, 90024, 50033, 50087, 50196],
    why: 'no-answer',
    because: 'Entra could not answer just now',
    cure: 'wait a minute, then refresh',
  },
];

const byCode = new Map(meanings.flatMap((meaning) => meaning.codes.map((code) => [code, meaning] as const)));

/** What to do about a code of Entra's ("AADSTS50076"), with the line that signs in; undefined for one that has no entry. */
export function meaningOf(code: string, login: string, scope = ''): Gap | undefined {
  const meaning = byCode.get(Number(/(\d+)$/.exec(code)?.[1]));
  if (!meaning) return undefined;
  return {
    why: meaning.why,
    because: `${meaning.because} (${code})`,
    cure: meaning.cure.replaceAll('LOGIN', login).replaceAll('SCOPE', scope || 'https://management.azure.com/.default'),
  };
}

/** The first of Entra's codes in a text; "" when it has none. */
export function codeIn(text: string): string {
  return /AADSTS\d{4,9}/.exec(text)?.[0] ?? '';
}
