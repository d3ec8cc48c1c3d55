export const cloudNames = ['public', 'usgov', 'china', 'custom'] as const;
export type CloudName = (typeof cloudNames)[number];

export interface Cloud {
  name: CloudName;
  /** Azure Resource Manager endpoint. */
  arm: string;
  /** The resource for which tokens for Azure Resource Manager are requested, without "/.default". */
  armAudience: string;
  /** Log Analytics endpoint, which is also the audience of its tokens; "" where the cloud is not known to have one. */
  logs: string;
  authority: string;
  /** Ends of the hosts at which blobs are, those of exported disks among them. */
  storage: string[];
}

/**
 * The national clouds and their endpoints (Microsoft Learn, "Azure Government endpoints", "Azure China endpoints"). Disks
 * are exported from hosts such as `md-….z1.blob.storage.azure.net`, whose ends "Storage account overview" lists under
 * Azure DNS zone endpoints.
 */
export const clouds: Record<Exclude<CloudName, 'custom'>, Cloud> = {
  public: {
    name: 'public',
    arm: 'https://management.azure.com',
    armAudience: 'https://management.azure.com',
    logs: 'https://api.loganalytics.io',
    authority: 'https://login.microsoftonline.com',
    storage: ['blob.storage.azure.net', 'blob.core.windows.net'],
  },
  usgov: {
    name: 'usgov',
    arm: 'https://management.usgovcloudapi.net',
    armAudience: 'https://management.usgovcloudapi.net',
    logs: 'https://api.loganalytics.us',
    authority: 'https://login.microsoftonline.us',
    storage: ['blob.core.usgovcloudapi.net'],
  },
  china: {
    name: 'china',
    arm: 'https://management.chinacloudapi.cn',
    armAudience: 'https://management.chinacloudapi.cn',
    logs: 'https://api.loganalytics.azure.cn',
    authority: 'https://login.chinacloudapi.cn',
    storage: ['blob.core.chinacloudapi.cn'],
  },
};

/** A cloud with endpoints of its own: a sovereign or disconnected one, Azure Stack. All are https URLs. */
export interface CustomCloud {
  endpoint: string;
  authority: string;
  /** The endpoint when absent. */
  audience?: string;
  /** Log Analytics, where the cloud has it. */
  logsEndpoint?: string;
}

/** Is this one of the hosts that end so? */
export function endsIn(host: string, ends: readonly string[]): boolean {
  return ends.some((end) => host.toLowerCase().endsWith(`.${end.toLowerCase()}`));
}

const bare = (url: string) => url.replace(/\/+$/, '');

/** A cloud of the caller's own making. Its blobs are where Azure Stack Hub has them: `blob.REGION.DOMAIN`. */
export function customCloud({ endpoint, authority, audience, logsEndpoint }: CustomCloud): Cloud {
  return {
    name: 'custom',
    arm: bare(endpoint),
    armAudience: audience ?? bare(endpoint),
    logs: bare(logsEndpoint ?? ''),
    authority: bare(authority),
    storage: [`blob.${new URL(endpoint).hostname.replace(/^management\./, '')}`],
  };
}

/** This cloud does not offer the service, or its address is not known. */
export class NotInThisCloud extends Error {
  override readonly name = 'NotInThisCloud';
}
