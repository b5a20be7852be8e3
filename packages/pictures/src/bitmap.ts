/** A decoded picture: rows from the top, pixels from the left, in sRGB with 8 bits a channel. */
export interface Bitmap {
  pixels: Buffer;
  width: number;
  height: number;
  /** Red, green, blue, and alpha where the picture has it. */
  channels: 3 | 4;
}
