const FILE = /\/v1\/files\/[^/?#]+$/;

/**
 * The address of a file as this page reads it: on its own server, by whatever name the server was asked when the file
 * was made. Other addresses stay as they are.
 */
export function fileAddress(url: string): string {
  return FILE.exec(url)?.[0] ?? url;
}
