import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../harness/server.js';
import { clicked } from '../widgets/actions.js';
import { cards } from '../widgets/cards.js';
import { charts } from '../widgets/charts.js';
import { content } from '../widgets/content.js';
import { controls } from '../widgets/controls.js';
import { forms } from '../widgets/forms.js';
import { boxes, layout } from '../widgets/layout.js';
import { written } from '../widgets/updates.js';
import { WidgetSchema } from '../widgets/walk.js';

/** Roots may lie in a root without a frame, where the schema does not look for them. */
const nested = Object.values(cards).flatMap(({ type, children }) => (type === 'Basic' ? (children as object[]) : []));

/** Everything that the tests of widgets show. Each module is shown by the test of its name. */
const exercised = [...nested, ...[boxes, layout, content, controls].flatMap((all) => all.map(({ component }) => component)), ...[clicked, cards, charts, forms].flatMap((all) => Object.values(all)), written];

test('every property of every component, and every word that one can say, is exercised', async () => {
  const schema = await WidgetSchema.read();
  const said = new Set(exercised.flatMap((widget) => [...schema.said(widget)]));
  const { everything } = schema;
  assert.ok(everything.size > 500, 'the schema is read');
  assert.deepEqual([...everything].filter((name) => !said.has(name)), []);
});

test('the parts that only the types of the front end have are exercised, too', async () => {
  const types = await readFile(join(root, 'web/node_modules/@openai/chatkit/types/widgets.d.ts'), 'utf8');
  const said = JSON.stringify(exercised);
  for (const name of ['Table', 'TableRow', 'TableCell']) {
    const body = new RegExp(`type ${name} = \\{([^]*?)\\n\\};`).exec(types)![1]!;
    const missing = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, property]) => property!).filter((property) => !said.includes(`"${property}":`));
    assert.deepEqual(missing, [], name);
  }
});
