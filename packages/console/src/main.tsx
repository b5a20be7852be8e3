import './zod-without-eval.js';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';

const NONCE = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const root = document.getElementById('console');
if (!root) throw new Error('the page has no element for the console');
// Of what keeps the page from scrolling behind a dialog.
setNonce(NONCE);
createRoot(root).render(<App nonce={NONCE} />);
