import { fileTypeFromBuffer } from 'file-type';

/** The picture types that the API takes, as file extensions. */
export type PictureType = 'png' | 'jpg' | 'webp';

const PICTURE_TYPES: ReadonlySet<string> = new Set<PictureType>(['png', 'jpg', 'webp']);

/** What kind of picture begins with these bytes (4,100 are enough), by its content; undefined for anything else. */
export async function pictureType(head: Uint8Array): Promise<PictureType | undefined> {
  const found = (await fileTypeFromBuffer(head))?.ext;
  // An animated PNG is a PNG: who knows no animations shows its first picture.
  const extension = found === 'apng' ? 'png' : found;
  return isPictureType(extension) ? extension : undefined;
}

function isPictureType(extension: string | undefined): extension is PictureType {
  return extension !== undefined && PICTURE_TYPES.has(extension);
}
