import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Connection } from '../../azure/client/connection.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { errorCode } from '../../text/error-code.ts';
import { printable } from '../../text/printable.ts';
import { lookAtContainer } from '../evidence-container.ts';
import { impossible, type Refusal } from '../refused-plan.ts';
import type { ExportSettings } from './settings.ts';

/** Where images go: a folder of this host, or a container of Azure Storage. */
export interface Destination {
  kind: 'folder' | 'container';
  /** For people; "" in a plan that is made without a case. */
  name: string;
  /** The place of an image of this name; "" where that is not known yet. */
  placeOf(image: string): string;
  warnings: string[];
  consequences: string[];
}

const folderOf = ({ folder }: ExportSettings, { caseFolder }: ActionContext): string =>
  folder !== undefined ? (isAbsolute(folder) ? folder : resolve(folder)) : caseFolder ? join(caseFolder, 'images') : '';

const codeOf = (error: unknown): string => errorCode(error) || 'for an unknown reason';

/** Why nothing can be written to a folder, or to the first one above it that exists; "" where nothing is known against it. */
async function notWritable(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      if (!(await stat(place)).isDirectory()) return `${printable(place, 300)} is no folder: give another with --to.`;
      await access(place, constants.W_OK);
      return '';
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'ENOENT' || place === dirname(place)) {
        return `Nothing can be written to ${printable(place, 300)} (${code}): give another folder with --to.`;
      }
    }
  }
}

/** The folder, or the container with what is known of it; why nothing can go there, where that is so. */
export async function destinationOf(
  connection: Connection,
  context: ActionContext,
  settings: ExportSettings,
): Promise<Destination | Refusal> {
  const { container } = settings;
  if (container !== undefined && settings.folder !== undefined) {
    return impossible('The images go to a folder or to a container: give one of them.');
  }
  if (container !== undefined) {
    const found = await lookAtContainer(connection, context.signal, container, {
      immutable: settings.immutable,
      needed: [
        { letters: 'r', called: 'read (r)' },
        { letters: 'cw', called: 'create or write (c, w)' },
      ],
    });
    if ('because' in found) return found;
    const { base, warnings, consequences } = found;
    const placeOf = (image: string) => `${base}/${encodeURIComponent(image)}`;
    return { kind: 'container', name: base, placeOf, warnings, consequences };
  }
  if (settings.immutable) {
    return impossible('No policy keeps files from being changed: give a container with --to https://….');
  }
  const folder = folderOf(settings, context);
  const against = folder === '' ? '' : await notWritable(folder);
  if (against !== '') return impossible(against);
  return {
    kind: 'folder',
    name: folder || 'the folder of the case',
    placeOf: (image) => (folder === '' ? '' : join(folder, image)),
    warnings: [],
    consequences: [],
  };
}
