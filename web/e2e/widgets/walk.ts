import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../harness/server.js';

/** JSON schema, as far as the protocol's uses it. */
interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  const?: string;
}

/** The protocol of widgets: every property of every component, and every word that a property can say. */
export class WidgetSchema {
  private constructor(private readonly defs: Record<string, Schema>) {}

  static async read(): Promise<WidgetSchema> {
    const text = await readFile(join(root, 'docs/chatkit.schema.json'), 'utf8');
    return new WidgetSchema((JSON.parse(text) as Schema).$defs!);
  }

  /** All there is, as `Text.size=xs`. */
  get everything(): Set<string> {
    const found = new Set<string>();
    const seen = new Set<string>();
    const walk = (schema: Schema, path: string): void => {
      const name = schema.$ref?.replace('#/$defs/', '');
      if (schema.const !== undefined && !path.endsWith('.type')) found.add(`${path}=${schema.const}`);
      for (const option of schema.anyOf ?? []) walk(option, path);
      if (schema.items !== undefined) walk(schema.items, path);
      if (name === undefined) return;
      const definition = this.defs[name]!;
      if (definition.properties === undefined) return walk(definition, path);
      if (seen.has(name)) return;
      seen.add(name);
      for (const [property, value] of Object.entries(definition.properties)) {
        found.add(`${name}.${property}`);
        walk(value, `${name}.${property}`);
      }
    };
    walk({ $ref: '#/$defs/WidgetRoot' }, '');
    walk({ $ref: '#/$defs/WidgetComponent' }, '');
    return found;
  }

  /** What of it a widget says. */
  said(widget: unknown): Set<string> {
    const found = new Set<string>();
    const visit = (schema: Schema, value: unknown, path: string): void => {
      const name = schema.$ref?.replace('#/$defs/', '');
      if (schema.const !== undefined && schema.const === value) found.add(`${path}=${value}`);
      if (schema.items !== undefined && Array.isArray(value)) for (const one of value) visit(schema.items, one, path);
      for (const option of this.fitting(schema.anyOf ?? [], value)) visit(option, value, path);
      if (name === undefined) return;
      const definition = this.defs[name]!;
      if (definition.properties === undefined) return visit(definition, value, path);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      for (const [property, one] of Object.entries(value)) {
        if (definition.properties[property] === undefined) continue;
        found.add(`${name}.${property}`);
        visit(definition.properties[property], one, `${name}.${property}`);
      }
    };
    visit({ $ref: '#/$defs/WidgetRoot' }, widget, '');
    visit({ $ref: '#/$defs/WidgetComponent' }, widget, '');
    return found;
  }

  /** The kinds of a union that this value can be. Components and series are told apart by their `type`, others by what they have. */
  private fitting(options: Schema[], value: unknown): Schema[] {
    const type = (value as { type?: string } | null)?.type;
    const named = options.filter(({ properties }) => properties?.type?.const !== undefined && properties.type.const === type);
    if (named.length > 0) return named;
    return options.filter(({ $ref, properties }) => {
      if (properties?.type?.const !== undefined) return false;
      const own = this.defs[$ref?.replace('#/$defs/', '') ?? '']?.properties;
      return own === undefined || (typeof value === 'object' && value !== null && Object.keys(value).some((key) => key in own));
    });
  }
}
