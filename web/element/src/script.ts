/** Where this script came from: its server is the base of everything that has no address of its own. */
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/** Set by the build: the folder of this version's further files, with a slash at its end. */
declare const ASSETS: string;

export const scriptUrl = new URL(script || location.href, location.href);

/** A further file of this version: a language, the math renderer. */
export function assetUrl(name: string): string {
  return new URL(ASSETS + name, scriptUrl).href;
}
