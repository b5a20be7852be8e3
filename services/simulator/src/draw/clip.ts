import { spawn } from 'node:child_process';
import ffmpeg from '@ffmpeg-installer/ffmpeg';

const FRAMES_PER_SECOND = 24;
const MAX_STDERR = 4096;

/** The encoder did not make a clip. */
class EncodeError extends Error {
  override readonly name = 'EncodeError';
}

/** What a clip is made of: paths of PNGs, its length, and where it goes. */
export interface Clip {
  card: string;
  disc: string;
  bar: string;
  seconds: number;
  /** Path of the MP4. What is there is overwritten; after a failure it may be a half file. */
  output: string;
  /** Kills the encoder. */
  signal: AbortSignal;
}

/**
 * Makes an H.264 MP4 (yuv420p, 24 frames a second, playable while it loads) of the card's size: the card stands, the
 * disc swings across the lower part all the time, the bar grows from left to right.
 * @throws EncodeError when the encoder cannot be run, fails or is killed
 */
export function encodeClip(clip: Clip): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(ffmpeg.path, encoderArguments(clip), {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: clip.signal,
      killSignal: 'SIGKILL',
    });
    let cause: unknown;
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR);
    });
    child.once('error', (err) => {
      cause = err;
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new EncodeError(`ffmpeg ended with ${code}: ${stderr.trim()}`, { cause }));
    });
  });
}

function encoderArguments({ card, disc, bar, seconds, output }: Clip): string[] {
  // The card is decoded and converted once, then repeated; the overlays' only frames last by themselves.
  const filters = [
    `[0]format=yuv420p,loop=loop=-1:size=1:start=0,setpts=N/${FRAMES_PER_SECOND}/TB,fps=${FRAMES_PER_SECOND}[card]`,
    '[1]format=yuva420p[disc]',
    '[2]format=yuva420p[bar]',
    "[card][disc]overlay=x='(W-w)*abs(mod(t/2+1,2)-1)':y='H*0.78-h/2+sin(t*5)*H*0.06'[swinging]",
    `[swinging][bar]overlay=x='-w+w*(t+1/${FRAMES_PER_SECOND})/${seconds}':y=H-h`,
  ];
  return [
    ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', '-filter_complex_threads', '1'],
    ['-i', card, '-i', disc, '-i', bar, '-filter_complex', filters.join(';')],
    ['-frames:v', String(seconds * FRAMES_PER_SECOND), '-r', String(FRAMES_PER_SECOND)],
    ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1', '-pix_fmt', 'yuv420p'],
    ['-movflags', '+faststart', '-f', 'mp4', output],
  ].flat();
}
