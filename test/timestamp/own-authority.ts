import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Is there an openssl with `ts`? */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['ts', '-help'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const configuration = `[tsa]
default_tsa=t
[t]
serial=./serial
signer_cert=tsa.pem
signer_key=tsa.key
certs=ca.pem
default_policy=1.2.3.4.1
digests=sha256
signer_digest=sha256
ess_cert_id_alg=sha256
`;

/** A time-stamping authority of openssl's, in a folder of its own: a CA, and a certificate for time stamping. */
export class OwnAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'cordon-tsa-'));

  constructor() {
    const subject = (name: string) => [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
    ];
    for (const ca of ['ca', 'other-ca']) {
      const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
      this.openssl([
        'req',
        '-x509',
        ...subject(ca),
        '-keyout',
        `${ca}.key`,
        '-out',
        `${ca}.pem`,
        '-days',
        '30',
        ...extensions,
      ]);
    }
    for (const [name, usage] of [
      ['tsa', 'critical,timeStamping'],
      ['mail', 'critical,emailProtection'],
      ['loose', 'timeStamping'],
    ] as const) {
      this.openssl(['req', '-new', ...subject(name), '-keyout', `${name}.key`, '-out', `${name}.csr`]);
      writeFileSync(join(this.folder, 'extensions'), `extendedKeyUsage=${usage}\nkeyUsage=critical,digitalSignature\n`);
      const issued = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', 'extensions'];
      this.openssl(['x509', '-req', '-in', `${name}.csr`, ...issued, '-out', `${name}.pem`]);
    }
    writeFileSync(join(this.folder, 'tsa.cnf'), configuration);
    writeFileSync(join(this.folder, 'serial'), '01\n');
  }

  openssl(args: string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, bytes: Uint8Array | string): void {
    writeFileSync(this.path(name), bytes);
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  /** The answer to a query, as DER. */
  reply(query: Uint8Array): Buffer {
    this.write('query.tsq', query);
    this.openssl(['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query.tsq', '-out', 'reply.tsr']);
    return this.read('reply.tsr');
  }

  /** The same content as of an answer, signed by another of the certificates here. */
  signedBy(name: string, answer: Uint8Array): Buffer {
    this.write('whole.tsr', answer);
    this.openssl(['ts', '-reply', '-in', 'whole.tsr', '-token_out', '-out', 'token.der']);
    this.openssl(['cms', '-verify', '-noverify', '-inform', 'DER', '-in', 'token.der', '-binary', '-out', 'info.der']);
    const how = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-binary', '-nodetach', '-cades', '-outform', 'DER'];
    const by = ['-signer', `${name}.pem`, '-inkey', `${name}.key`, '-md', 'sha256'];
    this.openssl(['cms', '-sign', '-in', 'info.der', ...how, ...by, '-out', 'again.der']);
    this.openssl(['ts', '-reply', '-in', 'again.der', '-token_in', '-out', 'again.tsr']);
    return this.read('again.tsr');
  }

  /** Does openssl take the answer for the query? */
  verifies(query: Uint8Array, answer: Uint8Array, ca = 'ca.pem'): boolean {
    this.write('v.tsq', query);
    this.write('v.tsr', answer);
    try {
      this.openssl(['ts', '-verify', '-queryfile', 'v.tsq', '-in', 'v.tsr', '-CAfile', ca]);
      return true;
    } catch {
      return false;
    }
  }

  /** Serves the authority on the loopback; `change` spoils an answer. */
  async serve(change: (answer: Buffer) => Buffer = (answer) => answer) {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const asks = request.headers['content-type'] === 'application/timestamp-query';
        response.writeHead(asks ? 200 : 415, { 'content-type': 'application/timestamp-reply' });
        response.end(asks ? change(this.reply(Buffer.concat(parts))) : '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return {
      url: `http://127.0.0.1:${port}/tsa`,
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
