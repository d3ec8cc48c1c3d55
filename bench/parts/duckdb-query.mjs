// Asks DuckDB one query, as a program of its own: node duckdb-query.mjs FOLDER SQL THREADS
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder = '', sql = '', threads = '1'] = process.argv.slice(2);
const client = createRequire(join(folder, 'package.json')).resolve('@duckdb/node-api');
const { DuckDBInstance } = await import(pathToFileURL(client).href);
const connection = await (await DuckDBInstance.create(':memory:', { threads })).connect();
const rows = (await connection.runAndReadAll(sql)).getRows();
const text = (value) => (value === null ? '' : String(value));
process.stdout.write(JSON.stringify(rows.map((row) => row.map(text).join(',')).sort()));
