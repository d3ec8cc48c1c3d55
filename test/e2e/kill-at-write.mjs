// Loaded before the program: kills it at its n-th write of a line of the case file, when half of the line is written, or
// the whole line with CORDON_KILL_AFTER=1.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const write = fs.writeSync;
let left = Number(process.env.CORDON_KILL_AT ?? 0);
fs.writeSync = (descriptor, data, ...rest) => {
  const isLine = typeof data === 'object' && data[0] === '{'.charCodeAt(0);
  if (left > 0 && isLine) left -= 1;
  else return write(descriptor, data, ...rest);
  if (left > 0) return write(descriptor, data, ...rest);
  write(descriptor, data, 0, process.env.CORDON_KILL_AFTER ? data.length : Math.floor(data.length / 2));
  return process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
