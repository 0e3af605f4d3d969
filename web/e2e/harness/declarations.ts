import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from '@openai/chatkit';
import type { BrowserContext } from 'playwright-core';

type Leaf = string | number | boolean | null | undefined | ((...args: never[]) => unknown);

/** The paths of an object's properties, those of lists and unions included; a record of any keys ends a path. */
type PathsOf<T> = T extends Leaf
  ? never
  : T extends readonly (infer One)[]
    ? PathsOf<One>
    : { [Key in keyof T & string]-?: string extends keyof T ? never : Key | `${Key}.${PathsOf<NonNullable<T[Key]>>}` }[keyof T & string];

type Methods = Omit<OpenAIChatKit, Exclude<keyof HTMLElement, 'addEventListener' | 'removeEventListener'>>;

/** The names of the fields that a method takes in its first parameter. */
type ParamsOf<Name extends keyof Methods> = Name extends 'setOptions' | 'addEventListener' | 'removeEventListener'
  ? never
  : Parameters<Methods[Name]> extends [infer First, ...unknown[]]
    ? First extends object ? keyof First & string : never
    : never;

type MethodNames = { [Name in keyof Methods & string]: `${Name}()` | `${Name}(${ParamsOf<Name>})` }[keyof Methods & string];

/** Something of the declarations: an option by its path (`composer.tools.label`), a method (`sendUserMessage()`), a field of its parameter (`sendUserMessage(reply)`), an event. */
export type Declared = PathsOf<ChatKitOptions> | MethodNames | keyof ChatKitEvents;

/** Accepted, and never read: an open element asks nobody whether it may run. */
const IGNORED = new Set<string>(['api.domainKey'] satisfies Declared[]);

/**
 * Says what of the declarations a test exercises; `declarations.test.ts` demands that each name is said by some test. It is
 * no mere word: the test fails when the element did not read the option (a function: call it), when the method was not
 * called, or when the event did not come. Once in a test, before its first page is opened; names are written out.
 */
export async function exercises(t: TestContext, context: BrowserContext, ...names: Declared[]): Promise<void> {
  const done = new Set<string>();
  await context.exposeBinding('tellExercised', (_, name: string) => void done.add(name));
  await context.addInitScript({ path: fileURLToPath(new URL('watch.page.js', import.meta.url)) });
  t.after(() => {
    assert.deepEqual(names.filter((name) => !done.has(name) && !IGNORED.has(name)), [], 'said to be exercised, and not used');
    assert.deepEqual([...IGNORED].filter((name) => done.has(name)), [], 'said to be ignored, and used');
  });
}
