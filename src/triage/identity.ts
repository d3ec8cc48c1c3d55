import type { IdentityPosture, Logons } from '../documents/triage.ts';
import { accountName } from './logons/account-names.ts';

/** What a role lets a managed identity do that an intruder wants; the action that stands for each. */
export const capabilities: readonly { can: string; action: string; data?: true }[] = [
  { can: 'give roles', action: 'Microsoft.Authorization/roleAssignments/write' },
  { can: 'run commands inside VMs', action: 'Microsoft.Compute/virtualMachines/runCommand/action' },
  { can: 'change network security groups', action: 'Microsoft.Network/networkSecurityGroups/write' },
  { can: 'download disks', action: 'Microsoft.Compute/disks/beginGetAccess/action' },
  { can: 'read storage keys', action: 'Microsoft.Storage/storageAccounts/listKeys/action' },
  {
    can: 'delete backups',
    action: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete',
  },
  { can: 'read secrets', action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action', data: true },
  {
    can: 'read blobs',
    action: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
    data: true,
  },
];

/**
 * Account names that guessing begins with: those of Windows, Linux, databases and cloud images, and what people call a
 * test. (The names in the failed logons of honeypots, e.g. Microsoft's blog on RDP brute force, 2019.)
 */
const wellKnownNames: ReadonlySet<string> = new Set(
  (
    'administrator admin root user guest test test1 user1 sql sa mssql mysql postgres oracle backup svc service ' +
    'scan scanner support helpdesk ftp ftpuser www web webadmin ubuntu debian ec2-user azureuser adminuser azure ' +
    'deploy git jenkins ansible operator server pos owner temp office remote rdp vmadmin localadmin sysadmin it'
  ).split(' '),
);

/** Is it a name that attackers try first? Compared without domain and case. */
export function isWellKnown(account: string): boolean {
  return wellKnownNames.has(accountName(account).key);
}

/** Failures against one account over all bursts, by its name without domain and case; undefined when it was not tried. */
export function failuresAgainst(logons: Logons, account: string): number | undefined {
  const wanted = accountName(account).key;
  const tried = logons.bursts
    .flatMap((burst) => burst.accounts)
    .filter(({ name }) => accountName(name).key === wanted)
    .map(({ failures }) => failures);
  return tried.length > 0 ? tried.reduce((sum, one) => sum + one, 0) : undefined;
}

/** Ways to sign in to the VM, and their second factor, one sentence each. */
export function signInText(
  os: 'windows' | 'linux',
  identity: Pick<IdentityPosture, 'localAdmin' | 'passwordAuthentication' | 'sshKeys' | 'entraLogin' | 'domainJoined'>,
): string[] {
  const { localAdmin, passwordAuthentication, sshKeys, entraLogin, domainJoined } = identity;
  const admin = localAdmin || 'the local administrator';
  const keys = sshKeys === null || sshKeys === 0 ? '' : ` and ${sshKeys} SSH key${sshKeys === 1 ? '' : 's'}`;
  const how =
    passwordAuthentication === null
      ? `How ${admin} signs in is not known.`
      : passwordAuthentication
        ? `${admin} signs in with a password${os === 'linux' ? keys : ''}: a local password logon never asks for a second factor.`
        : `${admin} signs in with SSH keys only, as Azure set the VM up; sshd's configuration inside may differ.`;
  const entra =
    entraLogin === null
      ? 'Whether Entra sign-in is set up is not known.'
      : entraLogin
        ? 'Entra sign-in is set up: Conditional Access can ask for a second factor there; whether it does is not visible from here.'
        : 'No Entra sign-in: Azure asks for no second factor at this VM.';
  const domain =
    domainJoined === null
      ? 'Whether it is joined to a domain is not known.'
      : domainJoined
        ? 'It is joined to a domain (by extension).'
        : 'No extension joins it to a domain; a join made inside the VM is not visible to Azure.';
  return [how, entra, domain];
}
