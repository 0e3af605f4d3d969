// Every option, method and event of the declarations is exercised by a test, which says so with `exercises`.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from '@babel/parser';
import type { CallExpression, Node } from '@babel/types';
import { declaredNames } from '../harness/declared.js';

const folder = new URL('./', import.meta.url);

/** What the tests say that they exercise: names, and where each is said. */
async function saidByTests(): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.test.ts'))) {
    const { program } = parse(await readFile(new URL(file, folder), 'utf8'), { sourceType: 'module', plugins: ['typescript'] });
    for (const name of callsOf(program, isRunTest).flatMap((run) => callsOf(run, isExercises)).flatMap((call) => namesOf(call, file))) {
      said.set(name, file);
    }
  }
  return said;
}

/** A `test(…)` that runs: not `test.skip(…)`, nor one with options that skip it. */
function isRunTest({ callee, arguments: given }: CallExpression): boolean {
  return callee.type === 'Identifier' && callee.name === 'test' && given.length === 2 && given[1]?.type === 'ArrowFunctionExpression';
}

function isExercises({ callee }: CallExpression): boolean {
  return callee.type === 'Identifier' && callee.name === 'exercises';
}

function callsOf(root: Node, isWanted: (call: CallExpression) => boolean): CallExpression[] {
  const found: CallExpression[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (typeof value !== 'object' || value === null || !('type' in value)) return;
    const node = value as Node;
    if (node.type === 'CallExpression' && isWanted(node)) found.push(node);
    Object.values(node).forEach(walk);
  };
  walk(root);
  return found;
}

function namesOf({ arguments: [, , ...names], loc }: CallExpression, file: string): string[] {
  return names.map((name) => (name.type === 'StringLiteral' ? name.value : assert.fail(`${file}:${loc?.start.line}: the names are written out`)));
}

test('the declarations have options, methods and events', async () => {
  const names = await declaredNames();
  for (const known of ['api.getClientSecret', 'composer.tools.label', 'theme.color.accent.level', 'setComposerValue(files)', 'chatkit.deeplink']) {
    assert.ok(names.includes(known), known);
  }
  assert.ok(names.length > 120, `only ${names.length} names`);
});

test('every option, method and event is exercised by a test', async () => {
  // Nobody reads an option within another without that, or gives a method something without calling it.
  const said = [...(await saidByTests()).keys()];
  const isSaid = (name: string) => said.some((one) => one === name || one.startsWith(`${name}.`) || one.startsWith(name.replace('()', '(')));
  const missing = (await declaredNames()).filter((name) => !isSaid(name));
  assert.ok(missing.length === 0, `no test exercises ${missing.join(', ')}`);
});

test('no test says that it exercises what is not declared', async () => {
  const declared = new Set(await declaredNames());
  const unknown = [...(await saidByTests())].filter(([name]) => !declared.has(name));
  assert.deepEqual(unknown, []);
});
