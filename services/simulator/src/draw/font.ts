import { createRequire } from 'node:module';
import { GlobalFonts } from '@napi-rs/canvas';

/** The family to draw prompts with: the packaged font, which has Chinese and Latin, then whatever the machine has. */
export const PROMPT_FONT = '"Simulator Prompt", sans-serif';

/**
 * Loads the font of the prompts, needed before anything is drawn: a bare machine has none for Chinese.
 * @throws Error when the font cannot be loaded
 */
export function loadPromptFont(): void {
  if (GlobalFonts.has('Simulator Prompt')) return;
  const require = createRequire(import.meta.url);
  const path = require.resolve('@expo-google-fonts/zcool-xiaowei/400Regular/ZCOOLXiaoWei_400Regular.ttf');
  if (GlobalFonts.registerFromPath(path, 'Simulator Prompt') === null) throw new Error(`cannot load the font ${path}`);
}
