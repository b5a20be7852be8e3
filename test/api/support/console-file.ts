/** The name of a file that the console of a server is made of. */
export async function consoleFile(baseUrl: string): Promise<string> {
  const page = await (await fetch(`${baseUrl}/console`)).text();
  const [, file] = /\/console\/assets\/([\w.-]+\.js)"/.exec(page) ?? [];
  if (file === undefined) throw new Error('the console names no script');
  return file;
}
