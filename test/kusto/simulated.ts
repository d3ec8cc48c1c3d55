import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { connect } from '../../src/azure/client/connection.ts';
import { type KqlFlags, kql } from '../../src/commands/kql.ts';
import type { ChangeGate } from '../../src/documents/exchange.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { evidenceParts } from '../../src/evidence/evidence-parts.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { type ClusterClient, clusterClient } from '../../src/kusto/cluster-client.ts';
import { clusterTable } from '../../src/kusto/cluster-table.ts';
import { placeTables, withViews, writeTable } from '../../src/kusto/ingestion.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { capture } from '../commands/capture.ts';
import { smallWorld } from '../simulator/small-world.ts';

export const database = 'NetDefaultDB';
export const clusterOfAzure = 'https://incidents.westeurope.kusto.windows.net';

/** A gate that lets everything pass. */
export const anything: ChangeGate = { before: async () => undefined, after: async () => {} };

/** A simulator whose cluster begins empty; it ends with the file's tests. */
export async function simulated(options: Partial<SimulatorOptions> = {}) {
  const simulator: Simulator = await startSimulator({ world: smallWorld(), ...options });
  afterAll(() => simulator.close());
  const connection = connect({ cluster: { uri: simulator.url, local: true } });
  afterAll(() => connection.close());
  let made: Promise<ClusterClient> | undefined;
  const azure = connect({
    cluster: { uri: clusterOfAzure, local: false },
    simulator: { url: simulator.url, identityHeader: simulator.identityHeader, clock: simulator },
  });
  afterAll(() => azure.close());
  return {
    connection,
    /** The same cluster as one of Azure: with a sign-in and an ingestion service. */
    azure,
    client: () => {
      made ??= clusterClient(connection.cluster());
      return made;
    },
    url: simulator.url,
    /** The flags that ask it as an emulator. */
    flags: { cluster: simulator.url, database },
    /** Rows of a command, asked by another client than cordon's. */
    async command(csl: string): Promise<unknown[][]> {
      const response = await fetch(`${simulator.url}/v1/rest/mgmt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ db: database, csl }),
      });
      const body = (await response.json()) as { Tables?: { Rows: unknown[][] }[] };
      return body.Tables?.[0]?.Rows ?? [];
    },
    async fault(...faults: object[]): Promise<void> {
      await fetch(`${simulator.url}/simulator/faults`, { method: 'POST', body: JSON.stringify(faults) });
    },
  };
}

export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-kusto-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Simulated = Awaited<ReturnType<typeof simulated>>;

/** The answer of a cluster over files, written into it where they are not there, with the names of their tables. */
export async function inCluster({ client, connection }: Simulated, query: string, given: readonly string[]) {
  const { parts } = await evidenceParts({ query, files: given.map(evidenceFile) }, () => {});
  const asked = await client();
  const placed = await placeTables(asked, database, parts.map(clusterTable));
  const written: string[] = [];
  const tables = await connection.changing(anything, () =>
    Promise.all(
      placed.map(async (table) => {
        if (table.state === 'whole') return table;
        written.push(table.name);
        return writeTable(asked, database, table);
      }),
    ),
  );
  const { text } = withViews(query, tables);
  const answered = await asked.query(database, text, { now: new Date(), onSent: () => {} });
  return { ...answered, text, written, names: tables.map(({ name }) => name) };
}

/** The answer over the same files without a cluster. */
export const overFiles = (query: string, given: readonly string[]) =>
  runQuery({ query, files: given.map(evidenceFile), now: Date.now(), limit: 1_000_000 }, () => {});

/** Runs `cordon kql` with these flags. */
export async function run(query: string, flags: KqlFlags) {
  const { streams, out, err } = capture();
  const code = await kql(query, flags, streams);
  return { code, stdout: out(), stderr: err() };
}

/** The document that a query gives. */
export async function answer(query: string, flags: KqlFlags) {
  return JSON.parse((await run(query, { ...flags, json: true })).stdout);
}
