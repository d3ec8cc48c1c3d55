import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `Logons.csv`, some rows of failed logons (about 190 bytes each), and `Accounts.csv`, 10,000 of their accounts. */
export async function writeLogonFiles(folder: string, rows: number): Promise<{ logons: string; accounts: string }> {
  let state = 4625;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const from = Date.UTC(2026, 10, 23);
  const logons = join(folder, 'Logons.csv');
  const out = createWriteStream(logons);
  out.write('At,EventID,Computer,Account,IpAddress,LogonType,Status,Process,Bytes,Extra\n');
  for (let begin = 0; begin < rows; begin += 10_000) {
    let text = '';
    for (let i = begin; i < Math.min(rows, begin + 10_000); i++) {
      const at = new Date(from + Math.floor((i * 86_400_000) / rows)).toISOString();
      const extra = `{""port"":${random(60_000)},""agent"":""OpenSSH_9.${random(9)}"",""ok"":${random(2) === 0}}`;
      text +=
        `${at},${random(50) === 0 ? 4624 : 4625},web${random(40)}.contoso.example,user${random(20_000)},203.0.${random(3)}.${random(200)},` +
        `${[3, 10, 8][random(3)]},0xc000006${random(16).toString(16)},C:\\Windows\\System32\\svc${random(100)}.exe,${random(1_000_000)},"${extra}"\n`;
    }
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  const accounts = join(folder, 'Accounts.csv');
  const lines = Array.from({ length: 10_000 }, (_, i) => `user${i * 2},${['low', 'medium', 'high'][i % 3]}`);
  writeFileSync(accounts, `Account,Risk\n${lines.join('\n')}\n`);
  return { logons, accounts };
}
