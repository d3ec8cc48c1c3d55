import { CloudSettings, kustoTrustedEndpoints, MatchRule } from 'azure-kusto-data';
import { at, isObject, textAt } from '../arm/json.ts';
import type { Cloud } from '../azure/client/clouds.ts';
import { type ClusterDoor, ingestionUri } from '../azure/client/cluster-door.ts';
import { Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';
import { loopback } from './cluster-address.ts';

/** Who may sign people in for a cluster of a cloud, as clusters say it of themselves (`/v1/rest/auth/metadata`). */
const loginEndpoints: Record<string, readonly string[]> = {
  china: ['https://login.partner.microsoftonline.cn', 'https://login.chinacloudapi.cn'],
};

type Signing = Pick<Cloud, 'name' | 'authority'>;

const loginsOf = ({ name, authority }: Signing): readonly string[] => loginEndpoints[name] ?? [authority];

/**
 * Is this one of the hosts that a cloud's clusters have, by the list in Microsoft's client (`wellKnownKustoEndpoints` of azure-kusto-data
 * 7.0.4)? That list has this computer too, where anybody can listen: it gets no token.
 */
export function getsToken(url: string, cloud: Signing): boolean {
  if (loopback.test(new URL(url).hostname)) return false;
  return loginsOf(cloud).some((login) => {
    try {
      kustoTrustedEndpoints.validateTrustedEndpoint(url, login);
      return true;
    } catch {
      return false;
    }
  });
}

/** Refuses a cluster that may not have a token, and finds out for what a token is asked. */
export async function trust(
  { address, cloud }: Pick<ClusterDoor, 'address' | 'cloud'>,
  read: (url: string) => Promise<unknown>,
): Promise<void> {
  if (address.local) {
    CloudSettings.writeToCache(address.uri);
    return;
  }
  const { host, hostname } = new URL(address.uri);
  if (cloud.name === 'custom') {
    const own = [hostname, new URL(ingestionUri(address)).hostname];
    kustoTrustedEndpoints.addTrustedHosts(
      own.map((name) => new MatchRule(name, true)),
      true,
    );
  }
  const logins = loginsOf(cloud);
  const known = (url: string): boolean => getsToken(url, cloud);
  if (!known(address.uri))
    throw new Failure(
      `${printable(host, 200)} gets no token: it is none of the hosts that Azure Data Explorer has in this cloud (https://aka.ms/kustotrustedendpoints); a cloud of your own is named with --cloud custom`,
    );
  const about = at(await read(`${address.uri}/v1/rest/auth/metadata`), 'AzureAD');
  const login = textAt(about, 'LoginEndpoint').replace(/\/+$/, '');
  const resource = textAt(about, 'KustoServiceResourceId');
  const audience = URL.parse(resource);
  // What the cluster says of itself must not decide that it gets a token for something else than clusters, or for the domain
  // that all of them are in.
  const forClusters = audience?.protocol === 'https:' && [resource, `https://any.${audience.host}`].some(known);
  if (!isObject(about) || !logins.includes(login) || !forClusters)
    throw new Failure(
      `${printable(host, 200)} wants a sign-in that is not this cloud’s: ${printable(login, 200)} for ${printable(resource, 200)}`,
    );
  const settings = {
    LoginEndpoint: logins[0] ?? login,
    LoginMfaRequired: about.LoginMfaRequired === true,
    KustoClientAppId: textAt(about, 'KustoClientAppId'),
    KustoClientRedirectUri: textAt(about, 'KustoClientRedirectUri'),
    KustoServiceResourceId: resource,
    FirstPartyAuthorityUrl: textAt(about, 'FirstPartyAuthorityUrl'),
  };
  // Its ingestion service is of the same cloud, and its host ends as the cluster's does.
  for (const uri of [address.uri, ingestionUri(address)]) CloudSettings.writeToCache(uri, settings);
}
