// npm start: the set-up, then the launcher in this same process, so that one process answers Ctrl-C.
import { main, setUp } from './setup.mjs';

await main(setUp);
await import('../packages/launcher/dist/main.js');
