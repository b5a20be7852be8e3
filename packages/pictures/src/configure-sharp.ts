import sharp from 'sharp';

/**
 * Sets the process-wide options of sharp: one thread for a picture, nothing kept in between, and no decoder but those
 * of PNG, JPEG and WebP. The library reads many more formats, and what a stranger sends must never get to them.
 */
export function configureSharp(): void {
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
  });
}
