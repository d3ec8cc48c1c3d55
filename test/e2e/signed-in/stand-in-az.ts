import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Azure CLI's part in a sign-in, as a program: `az account get-access-token --resource R [--tenant T]`. Like az it
 * asks Entra for the scope `R/.default`; Entra knows the scopes of the services alone. `SAYS` makes it refuse with a text.
 */
const source = String.raw`
const { appendFileSync, readFileSync } = require('node:fs');
const { get } = require('node:https');
const { AZ_LOG, AZ_SAYS, AZ_TOKENS, AZ_HEADER, AZ_COST_MS, AZ_AUTHORITY } = process.env;
const after = (name) => process.argv[process.argv.indexOf(name) + 1] ?? '';
const resource = after('--resource');
const tenant = process.argv.includes('--tenant') ? after('--tenant') : '';
appendFileSync(AZ_LOG, JSON.stringify({ resource, tenant }) + '\n');
const refuse = (text) => {
  process.stderr.write(text + '\n');
  process.exitCode = 1;
};
const scopes = [
  'https://management.azure.com/.default', 'https://management.core.windows.net//.default', 'https://api.loganalytics.io/.default',
  'https://management.usgovcloudapi.net/.default', 'https://api.loganalytics.us/.default',
  'https://management.chinacloudapi.cn/.default', 'https://api.loganalytics.azure.cn/.default',
];
const answer = () => {
  if (AZ_SAYS) return refuse(AZ_SAYS);
  if (!scopes.includes(resource + '/.default')) {
    return refuse('ERROR: AADSTS500011: The resource principal named ' + resource + ' was not found in the tenant named Contoso.');
  }
  const url = new URL('/msi/token', AZ_TOKENS);
  url.searchParams.set('api-version', '2019-08-01');
  url.searchParams.set('resource', resource);
  get(url, { ca: readFileSync(AZ_AUTHORITY), headers: { 'x-identity-header': AZ_HEADER } }, (response) => {
    let text = '';
    response.on('data', (part) => { text += part; });
    response.on('end', () => {
      const { access_token: accessToken, expires_on: expires } = JSON.parse(text);
      process.stdout.write(JSON.stringify({ accessToken, expires_on: Number(expires), tokenType: 'Bearer' }));
    });
  });
};
setTimeout(answer, Number(AZ_COST_MS ?? 0));
`;

/**
 * A browser in which a person is signed in: it opens the page, and submits the form that the page has for the program
 * (OAuth 2.0 Form Post Response Mode). `BROWSER_OPENS=no` starts it without effect, as on a computer without a screen.
 */
const browser = `
const { request } = require('node:https');
const http = require('node:http');
const { connect } = require('node:tls');
const { readFileSync } = require('node:fs');
if (process.env.BROWSER_OPENS === 'no') process.exit(3);
const page = new URL(process.argv[2]);
const proxy = new URL(process.env.HTTPS_PROXY);
http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: page.host + ':443' }).on('connect', (_answer, socket) => {
  const secure = connect({ socket, servername: page.host, ca: readFileSync(process.env.AZ_AUTHORITY) });
  request({ createConnection: () => secure, host: page.host, path: page.pathname + page.search, headers: { connection: 'close' } }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => {
      const { action, mode, fields } = JSON.parse(text);
      if (mode !== 'form_post') throw new Error(mode);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      http.request(action, { method: 'POST', headers }, (done) => done.resume()).end(new URLSearchParams(fields).toString());
    });
  }).end();
}).end();
`;

function writeProgram(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${text}`);
  chmodSync(path, 0o755);
}

/** Writes az into a folder of its own. */
export function writeStandInAz(folder: string): void {
  writeProgram(folder, 'az', source);
}

/** Writes the program that opens a browser, by its name on Linux and on macOS. */
export function writeStandInBrowser(folder: string): void {
  for (const name of ['xdg-open', 'open']) writeProgram(folder, name, browser);
}

/** Calls of az, one entry a start. */
export function startsOf(log: string): { resource: string; tenant: string }[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
