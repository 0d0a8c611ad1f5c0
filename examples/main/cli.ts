/** The main job on the command line: `npm start -- [options]`. */
import { main } from './main.js';
import { runProcess } from './process.js';

await runProcess(main);
