export type CloudName = 'public' | 'usgov' | 'china';

export interface Cloud {
  name: CloudName;
  /** Azure Resource Manager endpoint; its `.default` is the token scope. */
  arm: string;
  /** Log Analytics endpoint, which is also the audience of its tokens. */
  logs: string;
  authority: string;
}

/** The national clouds and their endpoints (Microsoft Learn, "Azure Government endpoints", "Azure China endpoints"). */
export const clouds: Record<CloudName, Cloud> = {
  public: {
    name: 'public',
    arm: 'https://management.azure.com',
    logs: 'https://api.loganalytics.io',
    authority: 'https://login.microsoftonline.com',
  },
  usgov: {
    name: 'usgov',
    arm: 'https://management.usgovcloudapi.net',
    logs: 'https://api.loganalytics.us',
    authority: 'https://login.microsoftonline.us',
  },
  china: {
    name: 'china',
    arm: 'https://management.chinacloudapi.cn',
    logs: 'https://api.loganalytics.azure.cn',
    authority: 'https://login.chinacloudapi.cn',
  },
};
