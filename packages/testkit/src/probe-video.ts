import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import ffprobe from '@ffprobe-installer/ffprobe';

/** What ffprobe says of a video. */
export interface VideoFacts {
  codec: string;
  width: number;
  height: number;
  /** Seconds. */
  duration: number;
}

/** Reads a video's facts from a file or an http URL. */
export async function probeVideo(location: string): Promise<VideoFacts> {
  const fields = 'stream=codec_name,width,height,duration';
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', fields, '-of', 'json', location];
  const { stdout } = await promisify(execFile)(ffprobe.path, args);
  const { streams } = JSON.parse(stdout) as {
    streams: { codec_name: string; width: number; height: number; duration: string }[];
  };
  const [stream] = streams;
  if (!stream) throw new Error('there is no video in it');
  return { codec: stream.codec_name, width: stream.width, height: stream.height, duration: Number(stream.duration) };
}
