import { assetUrl } from './script';

/** Those who are told the name of each further file that could not be loaded. */
const watchers = new Set<(name: string) => void>();

/** Has them told, until what is returned is called. */
export function watchFailures(tell: (name: string) => void): () => void {
  watchers.add(tell);
  return () => watchers.delete(tell);
}

/** A further script of this version. */
export function loadModule<Module>(name: string): Promise<Module> {
  return told(name, import(assetUrl(name)) as Promise<Module>);
}

/** A further JSON document of this version. */
export function loadJson<Body>(name: string): Promise<Body> {
  return told(name, fetched<Body>(name));
}

async function fetched<Body>(name: string): Promise<Body> {
  const response = await fetch(assetUrl(name));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return (await response.json()) as Body;
}

async function told<Loaded>(name: string, load: Promise<Loaded>): Promise<Loaded> {
  try {
    return await load;
  } catch (thrown) {
    for (const tell of watchers) tell(name);
    throw thrown;
  }
}
