/** The projects on the command line: `npm run project -- NAME [options]`. */
import { runProcess } from '../main/process.js';
import { main } from './main.js';

await runProcess(main);
