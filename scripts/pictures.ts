// npm run pictures: makes the README's pictures and the asciicast anew, from a run of the built program.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/e2e/cordon.ts';
import { castOf, svgOf, takePictures } from './screen-pictures.ts';

const folder = join(root, 'docs', 'pictures');
mkdirSync(folder, { recursive: true });
const { pictures, heard } = await takePictures();
for (const picture of pictures) writeFileSync(join(folder, `${picture.name}.svg`), svgOf(picture));
writeFileSync(join(folder, 'demo.cast'), castOf(heard, 34));
process.stdout.write(
  `${pictures.map(({ name }) => `docs/pictures/${name}.svg`).join('\n')}\ndocs/pictures/demo.cast\n`,
);
process.exit(0);
