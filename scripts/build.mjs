// npm run build: packages, generated clients, compiled code.
import { main, setUp } from './setup.mjs';

await main(setUp);
