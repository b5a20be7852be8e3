/** The URL of a file that this server gives out, under an origin such as `https://host`. */
export function fileUrl(origin: string, mediaId: string): string {
  return `${origin}/v1/files/${mediaId}`;
}
