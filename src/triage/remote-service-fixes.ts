/** A service of Windows that has been taken over from the network without a logon. */
export type RemoteService = 'RDP' | 'SMB';

export interface RemoteServiceFix {
  service: RemoteService;
  name: string;
  cves: readonly string[];
  /** The updates that first closed it, without "KB"; later cumulative updates contain them. */
  kbs: readonly string[];
  /** Where the KBs and CVEs are listed. */
  source: string;
}

/**
 * Holes in RDP and SMB servers that need no logon, and the updates that close them. For a domain expert to review: one
 * line a hole, with the vendor's page.
 */
export const remoteServiceFixes: readonly RemoteServiceFix[] = [
  {
    service: 'RDP',
    name: 'BlueKeep',
    cves: ['CVE-2019-0708'],
    // Windows 7 and Server 2008 R2 (security-only, rollup), Server 2008 (security-only, rollup), XP and Server 2003.
    kbs: ['4499175', '4499164', '4499180', '4499149', '4500331'],
    source: 'https://msrc.microsoft.com/update-guide/vulnerability/CVE-2019-0708',
  },
  {
    service: 'RDP',
    name: 'DejaBlue',
    cves: ['CVE-2019-1181', 'CVE-2019-1182'],
    // Server 2008 R2, 2012 R2, 2012 (rollup, security-only each), then Windows 10 and Server 2016, 2019 by build.
    kbs: [
      '4512506',
      '4512486',
      '4512488',
      '4512489',
      '4512518',
      '4512482',
      '4512497',
      '4512517',
      '4512507',
      '4512516',
      '4512501',
      '4511553',
      '4512508',
    ],
    source: 'https://msrc.microsoft.com/update-guide/vulnerability/CVE-2019-1181',
  },
  {
    service: 'RDP',
    name: 'DejaBlue',
    cves: ['CVE-2019-1222', 'CVE-2019-1226'],
    // Windows 10 1803, 1809 with Server 2019, 1903: the builds before are not affected.
    kbs: ['4512501', '4511553', '4512508'],
    source: 'https://msrc.microsoft.com/update-guide/vulnerability/CVE-2019-1222',
  },
  {
    service: 'SMB',
    name: 'EternalBlue (MS17-010)',
    cves: ['CVE-2017-0143', 'CVE-2017-0144', 'CVE-2017-0145', 'CVE-2017-0146', 'CVE-2017-0147', 'CVE-2017-0148'],
    kbs: ['4012212', '4012215', '4012213', '4012216', '4012214', '4012217', '4012598', '4012606', '4013198', '4013429'],
    source: 'https://learn.microsoft.com/security-updates/securitybulletins/2017/ms17-010',
  },
  {
    service: 'SMB',
    name: 'SMBGhost',
    cves: ['CVE-2020-0796'],
    kbs: ['4551762'],
    source: 'https://msrc.microsoft.com/update-guide/vulnerability/CVE-2020-0796',
  },
];

/** Titles of updates and findings that name the service on the side that listens; clients are another matter. */
const titles: readonly { service: RemoteService; title: RegExp }[] = [
  { service: 'RDP', title: /\bremote desktop (services|protocol)\b|\bRDP\b|\bterminal services\b/i },
  { service: 'SMB', title: /\bSMB(v[123])?\b|\bserver message block\b/i },
];
const clients = /\bclient\b/i;

/** What an update or a vulnerability finding says of RDP and SMB: services, and the names of known holes. */
export function remoteServicesIn(one: {
  kbs: readonly string[];
  cves: readonly string[];
  title: string;
}): { service: RemoteService; name: string }[] {
  const found = new Map<RemoteService, string>();
  for (const fix of remoteServiceFixes) {
    const named =
      one.kbs.some((kb) => fix.kbs.includes(kb.replace(/^KB/i, ''))) ||
      one.cves.some((cve) => fix.cves.includes(cve.toUpperCase()));
    if (named && !found.get(fix.service)) found.set(fix.service, fix.name);
  }
  for (const { service, title } of titles) {
    if (!found.has(service) && title.test(one.title) && !clients.test(one.title)) found.set(service, '');
  }
  return [...found].map(([service, name]) => ({ service, name }));
}

/** The CVEs that an update is known to close by the table; [] for all others. */
export function cvesOfFix(kb: string): string[] {
  return remoteServiceFixes.filter((fix) => fix.kbs.includes(kb)).flatMap((fix) => fix.cves);
}
