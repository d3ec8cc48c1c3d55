import { at, listAt, textAt } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Gap } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';
import type { AzureError } from './azure-error.ts';
import { claimsOf } from './challenge.ts';
import { gapOfChallenge, loginLine } from './sign-in-failure.ts';

/** What a read needs, said so that the customer can be asked for it. */
export interface Need {
  /** "Microsoft.Network/networkInterfaces/read" */
  permission: string;
  /** "Reader" */
  role: string;
  /** Resource id or its readable name. */
  scope: string;
}

const tenantIn = (text: string) => /https:\/\/sts\.[\w.]+\/([0-9a-f-]{36})/i.exec(text)?.[1] ?? '';

/** Why Azure did not accept a token (401), and what to do. */
export function gapOfUnauthorized(error: AzureError): Gap {
  const { code, message } = error;
  const claims = claimsOf(error.header('www-authenticate'));
  if (claims !== '')
    return gapOfChallenge(
      { claims, scope: `https://${error.host || 'management.azure.com'}/.default`, tenant: '' },
      message,
    );
  if (error.codes.includes('InvalidAuthenticationTokenTenant')) {
    // "… wrong issuer 'https://sts.windows.net/A/'. It must match the tenant 'https://sts.windows.net/B/' …"
    const [, from = '', to = ''] = /wrong issuer '([^']*)'[\s\S]*?(?:match[^']*)'([^']*)'/i.exec(message) ?? [];
    const tenant = tenantIn(to);
    if (tenant !== '') {
      return {
        why: 'not-signed-in',
        because: `the sign-in is of tenant ${tenantIn(from) || 'another kind'}, but the subscription belongs to tenant ${tenant}`,
        cure: `${loginLine(tenant)}, then start cordon with --tenant ${tenant}`,
      };
    }
  }
  if (error.codes.includes('InvalidAuthenticationTokenAudience')) {
    return {
      why: 'not-signed-in',
      because: 'the token is for another service or another cloud',
      cure: 'az cloud show tells az’s cloud: it must be that of --cloud; of a custom cloud, check --audience',
    };
  }
  const expired = error.codes.includes('ExpiredAuthenticationToken');
  return {
    why: 'not-signed-in',
    because: expired ? 'the sign-in has ended' : `Azure does not accept the sign-in (${code || '401'})`,
    cure: `run ${loginLine('')}, then refresh${expired ? '; if it stays, check this computer’s clock' : ''}`,
  };
}

/** The name of a policy's assignment, where the refusal reports it. */
function policyIn(details: unknown, message: string): string {
  for (const one of listAt(at(details, 'error') ?? details, 'additionalInfo')) {
    const info = at(one, 'info');
    const name = textAt(info, 'policyAssignmentDisplayName') || textAt(info, 'policyAssignmentName');
    if (name !== '') return printable(name, 120);
  }
  return printable(/"policyAssignment"\s*:\s*\{\s*"name"\s*:\s*"([^"]{1,200})"/i.exec(message)?.[1] ?? '', 120);
}

/** The scope and name of a management lock in ARM's sentence. */
function lockedBy(message: string): string {
  const [, scope = ''] = /scope\(s\) (?:are locked|.{0,80}locked)[^']*'([^']+)'/i.exec(message) ?? [];
  return nameOf(scope) || 'the resource group';
}

function byPolicy({ message }: AzureError, details: unknown): Gap {
  if (/multi-?factor|\bMFA\b/i.test(message)) {
    return {
      why: 'second-factor',
      because: 'Azure wants a second factor for changes, and this sign-in has none',
      cure: `${loginLine('')} with a second factor (Azure CLI 2.76 or newer), then try again`,
    };
  }
  const name = policyIn(details, message);
  return {
    why: 'policy',
    because: `an Azure Policy of the customer${name ? ` (${name})` : ''} refuses it: ${message}`,
    cure: `ask the customer for an exemption from ${name || 'that policy'}; a role does not help`,
  };
}

function byDenyAssignment({ message }: AzureError): Gap {
  const name = printable(/deny assignment with name '([^']+)'/i.exec(message)?.[1] ?? '', 120);
  return {
    why: 'denied',
    because: `a deny assignment${name ? ` (${name})` : ''} forbids it, whatever your roles`,
    cure: 'ask the customer who manages the resource: a managed application, a deployment stack, Azure itself; a role does not help',
  };
}

const lacks = (permission: string, scope: string) => `no permission ${permission} on ${scope}`;

/** The permission that the caller's roles lack, of a gap that is made here; "" for any other. */
export function lackedPermission({ why, because }: Gap): string {
  return (why === 'denied' && /^no permission ([\w.]+\/\S+) on /.exec(because)?.[1]) || '';
}

/**
 * Why Azure, or something between here and there, refused what was asked (403, and ARM's 409 for locks); undefined when
 * the error is none. `details` is the body of the answer.
 */
export function gapOfRefusal(error: AzureError, details: unknown, need?: Need): Gap | undefined {
  const { codes, message, status } = error;
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  if (has(/^ScopeLocked$/)) {
    // A ReadOnly lock refuses every POST, also those that only ask (effective rules, admin rules).
    return {
      why: 'locked',
      because: need
        ? `a ReadOnly lock on ${lockedBy(message)} refuses it: Azure takes this question for a write`
        : `a management lock on ${lockedBy(message)} refuses it`,
      cure: need ? 'ask the customer to lift the lock while you look' : 'ask the customer to lift the lock',
    };
  }
  if (has(/^MissingSubscriptionRegistration$/)) {
    const namespace = printable(/namespace '([^']+)'/i.exec(message)?.[1] ?? '', 120);
    return {
      why: 'failed',
      because: `the subscription is not registered for ${namespace || 'the resource provider'}`,
      cure: `register it (Contributor or Owner): az provider register --namespace ${namespace || 'NAMESPACE'} --wait`,
    };
  }
  if (has(/^RequestDisallowedBy|^PolicyViolation$/)) return byPolicy(error, details);
  if (has(/DisabledSubscription|^SubscriptionDisabled$/)) {
    return {
      why: 'failed',
      because: 'the subscription is disabled: it can only be read',
      cure: 'ask the customer to enable the subscription again',
    };
  }
  if (status !== 403) return undefined;
  if (has(/^DenyAssignment/) || /deny assignment/i.test(message)) return byDenyAssignment(error);
  if (!error.fromAzure) {
    const server = printable(error.header('server') || error.header('via'), 60);
    return {
      why: 'no-answer',
      because: `something between here and Azure refused the request (403${server ? `, ${server}` : ''}): the answer is not Azure’s`,
      cure: 'ask your network’s administrators to let the proxy pass Azure’s hosts, or set NO_PROXY for them',
    };
  }
  const [, action = '', scope = ''] =
    /action '([^']+)' (?:over|on) (?:the linked )?scope(?:\(s\))? '([^']+)'(?![\s\S]*action ')/i.exec(message) ?? [];
  const permission = printable(action, 200) || need?.permission || 'for this';
  const where = need?.scope || printable(scope, 400) || 'the scope';
  return {
    why: 'denied',
    because: need ? lacks(need.permission, need.scope) : lacks(permission, where),
    cure: `ask the customer for ${need?.role || 'a role that has it'} on ${where}`,
  };
}
