/** The ratios and resolutions that xAI makes, with the frame sizes (both even, as H.264 wants) of each. */
export const FRAME_SIZES = {
  '480p': {
    '16:9': { width: 848, height: 480 },
    '9:16': { width: 480, height: 848 },
    '1:1': { width: 480, height: 480 },
    '4:3': { width: 640, height: 480 },
    '3:4': { width: 480, height: 640 },
    '3:2': { width: 720, height: 480 },
    '2:3': { width: 480, height: 720 },
  },
  '720p': {
    '16:9': { width: 1280, height: 720 },
    '9:16': { width: 720, height: 1280 },
    '1:1': { width: 720, height: 720 },
    '4:3': { width: 960, height: 720 },
    '3:4': { width: 720, height: 960 },
    '3:2': { width: 1080, height: 720 },
    '2:3': { width: 720, height: 1080 },
  },
} as const;

export type Resolution = keyof typeof FRAME_SIZES;
export type AspectRatio = keyof (typeof FRAME_SIZES)['480p'];

export const RESOLUTIONS = ['480p', '720p'] as const satisfies readonly Resolution[];
export const ASPECT_RATIOS = [
  '16:9',
  '9:16',
  '1:1',
  '4:3',
  '3:4',
  '3:2',
  '2:3',
] as const satisfies readonly AspectRatio[];

/** The ratio nearest to that of a picture. */
export function nearestAspectRatio(width: number, height: number): AspectRatio {
  const wanted = Math.log(width / height);
  const distance = (ratio: AspectRatio) => {
    const size = FRAME_SIZES['720p'][ratio];
    return Math.abs(Math.log(size.width / size.height) - wanted);
  };
  return ASPECT_RATIOS.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
}
