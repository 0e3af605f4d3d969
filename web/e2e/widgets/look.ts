import type { Component } from '../harness/widgets.js';

/** CSS by property, as anybody would write it: `var(--ck-…)` for the theme's own. */
export type Css = Record<string, string>;

/** A component with one property, and what that has to look like. */
export interface Look {
  component: Component;
  css: Css;
  /** What of the component looks so; itself if absent. */
  on?: string;
}

/** The looks of one property's values. */
export function looks(base: Component, property: string, values: [value: unknown, css: Css][], on?: string): Look[] {
  return values.map(([value, css]) => ({ component: { ...base, [property]: value }, css, on }));
}

/** The same for values that are words of the protocol. */
export function tokens(base: Component, property: string, css: string, values: Record<string, string>, on?: string): Look[] {
  return looks(base, property, Object.entries(values).map(([value, expected]) => [value, { [css]: expected }]), on);
}
