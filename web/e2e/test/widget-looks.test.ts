import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../harness/browser.js';
import { Server } from '../harness/server.js';
import { show, shownByName, type Component } from '../harness/widgets.js';
import { content } from '../widgets/content.js';
import { controls } from '../widgets/controls.js';
import { boxes, layout } from '../widgets/layout.js';
import type { Look } from '../widgets/look.js';

const subjects: Record<string, Look[]> = { boxes, layout, content, controls };

/** One below the other, each in a box, so that none changes the others. */
function sheet(all: Look[]): Component {
  return { type: 'Basic', children: all.map(({ component }) => ({ type: 'Box', align: 'start', children: [component] })) };
}

let browser: Browser;
let server: Server;
before(async () => {
  const widgets = Object.fromEntries(Object.entries(subjects).map(([name, all]) => [name, sheet(all)]));
  Object.assign(widgets, { icons: { type: 'Basic', children: [{ type: 'Icon', name: 'check-circle-filled', size: '3xl' }, { type: 'Icon', name: 'star-filled', size: '3xl' }] } });
  [browser, server] = await Promise.all([openBrowser(), Server.answering(shownByName(widgets))]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

/** What looks otherwise than it should: each expected value is compared with what the browser makes of it beside the component. */
function differences(widget: Locator, all: Look[]): Promise<string[]> {
  return widget.evaluate((article, all) => {
    const boxes = article.querySelector('.basic')!.children;
    const wrong: string[] = [];
    all.forEach(({ component, css, on }, at) => {
      const parts = [...boxes[at]!.children] as HTMLElement[];
      const part = on === undefined ? parts[0] : parts.flatMap((one) => [...(one.matches(on) ? [one] : []), ...one.querySelectorAll<HTMLElement>(on)])[0];
      if (part === undefined) return wrong.push(`${JSON.stringify(component)}: there is no ${on}`);
      for (const [property, expected] of Object.entries(css)) {
        const model = part.cloneNode(true) as HTMLElement;
        part.before(model);
        model.style.removeProperty(property);
        model.style.setProperty(property, expected);
        if (model.style.getPropertyValue(property) === '') wrong.push(`${property} is never ${expected}`);
        const [is, should] = [part, model].map((one) => getComputedStyle(one).getPropertyValue(property));
        model.remove();
        if (is !== should) wrong.push(`${JSON.stringify(component)}: ${property} is ${is}, not ${should}`);
      }
    });
    return wrong;
  }, all);
}

for (const [subject, all] of Object.entries(subjects)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every property of ${subject} looks as it should in ${colorScheme}`, async (t) => {
      const { widget, complaints } = await show(t, browser, server, subject, { options: { theme: { colorScheme } } });
      assert.deepEqual(await differences(widget, all), []);
      assert.deepEqual(complaints, []);
    });
  }
}

test('what is filled is, and its check is cut out', async (t) => {
  const { widget } = await show(t, browser, server, 'icons');
  const opacity = (at: number, points: [number, number][]) => widget.locator('svg').nth(at).evaluate(async (svg, points) => {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    for (const size of ['width', 'height']) copy.setAttribute(size, '240');
    copy.setAttribute('xmlns', svg.namespaceURI!);
    const image = Object.assign(new Image(), { src: `data:image/svg+xml,${encodeURIComponent(copy.outerHTML)}` });
    await image.decode();
    const drawing = Object.assign(document.createElement('canvas'), { width: 240, height: 240 }).getContext('2d')!;
    drawing.drawImage(image, 0, 0);
    return points.map(([x, y]) => drawing.getImageData(x * 10, y * 10, 1, 1).data[3]);
  }, points);
  assert.deepEqual(await opacity(0, [[12, 4], [10.5, 14.3], [14, 11], [1, 1]]), [255, 0, 0, 0]);
  assert.deepEqual(await opacity(1, [[12, 12], [1, 1]]), [255, 0]);
});
