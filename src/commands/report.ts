import { readScan } from '../azure/scan.ts';
import { readTriage } from '../azure/triage.ts';
import { exitCode } from '../failure.ts';
import { burstOptions } from './burst-options.ts';
import { exploitedOption } from './kev-file.ts';
import { openConnection, type Streams, type WorkbenchFlags } from './options.ts';
import { serviceTagsOption } from './service-tags-file.ts';
import { triageText } from './triage-report.ts';

/** The workbench without a terminal: the triage report of the most suspicious VM in reach. */
export async function report(flags: WorkbenchFlags, streams: Streams): Promise<number> {
  const options = {
    ...burstOptions(flags),
    ...(await exploitedOption(flags)),
    ...(await serviceTagsOption(flags, new Date())),
  };
  const opened = await openConnection(flags);
  try {
    const { vms, notSeen } = await readScan(opened.connection, undefined, options);
    const [worst] = vms;
    if (!worst) {
      streams.stderr.write(`cordon: no virtual machine in reach. ${notSeen.join('; ')}\n`);
      return exitCode.notPermitted;
    }
    const { document } = await readTriage(opened.connection, worst.vm, () => {}, options);
    streams.stdout.write(triageText(document));
    streams.stdout.write(
      `${vms.length} VMs in reach; this is the most suspicious. In a terminal, cordon opens the workbench.\n`,
    );
    return exitCode.done;
  } finally {
    await opened.close();
  }
}
