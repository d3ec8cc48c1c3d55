import { Command } from 'commander';
import { skeleton } from '../../skeleton.ts';
import { version } from '../../version.ts';
import { addCase, addPlaybook } from './case-commands.ts';
import { addRelease, addRun, addUndo } from './changing-commands.ts';
import { addDetect, addEvtx, addKql } from './evidence-commands.ts';
import { addEnds, formatHelp } from './help.ts';
import { addCompletion, addMan, addSchema, addSimulate } from './other-commands.ts';
import { addDoctor, addIncident, addScan, addTriage } from './reading-commands.ts';
import { addWorkbench } from './workbench-command.ts';

/** The program: its commands, each loaded when it is called, with their options and help. */
export function cordonProgram(): Command {
  const cordon = new Command('cordon')
    .description('A terminal workbench for the first hours of an incident on an Azure virtual machine.')
    .version(version, '-V, --version', 'the version, with Node, the commit and Microsoft’s clients')
    .exitOverride()
    .configureHelp({ formatHelp })
    .configureOutput({
      writeOut: (text) => {
        skeleton()?.end();
        process.stdout.write(text);
      },
      writeErr: (text) => {
        skeleton()?.end();
        process.stderr.write(text);
      },
      // As every other message of this program begins.
      outputError: (text, write) => write(text.replace(/^error: /, 'cordon: ')),
    })
    .hook('preAction', (_, command) => {
      if (command !== cordon) skeleton()?.end();
    })
    .showHelpAfterError(false);
  cordon.commandsGroup('Look at VMs in Azure:');
  addScan(cordon);
  addTriage(cordon);
  addIncident(cordon);
  addDoctor(cordon);
  cordon.commandsGroup('Change them, and change them back:');
  addRun(cordon);
  addUndo(cordon);
  addRelease(cordon);
  cordon.commandsGroup('Look at exported evidence:');
  addEvtx(cordon);
  addKql(cordon);
  addDetect(cordon);
  cordon.commandsGroup('Cases and playbooks:');
  addCase(cordon);
  addPlaybook(cordon);
  cordon.commandsGroup('Other:').helpCommand('help [command]', 'the options of a command');
  addSimulate(cordon);
  addCompletion(cordon);
  addMan(cordon);
  addSchema(cordon);
  addWorkbench(cordon);
  addEnds(cordon);
  return cordon;
}
