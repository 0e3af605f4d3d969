import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@babel/parser';
import type { Statement, TSType, TSTypeElement } from '@babel/types';
import { root } from './server.js';

/** All types of the declarations, by name. */
type Types = Map<string, TSType | TSTypeElement[]>;

/** Everything that the declarations of `@openai/chatkit` name, as `exercises` names it. */
export async function declaredNames(): Promise<string[]> {
  const types = await declaredTypes();
  const element = elements(types.get('OpenAIChatKit'), types);
  const options = paths(types.get('ChatKitOptions'), types);
  const methods = element.flatMap((method) => methodNames(method, types));
  const events = elements(types.get('ChatKitEvents'), types).map(nameOf);
  return [...new Set([...options, ...methods, ...events])];
}

async function declaredTypes(): Promise<Types> {
  // The package has types alone, which Node does not resolve.
  const source = await readFile(join(root, 'web/node_modules/@openai/chatkit/types/index.d.ts'), 'utf8');
  const { program } = parse(source, { sourceType: 'module', plugins: [['typescript', { dts: true }]] });
  return new Map(program.body.flatMap((statement) => declared(statement)));
}

function declared(statement: Statement): [string, TSType | TSTypeElement[]][] {
  const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  if (declaration?.type === 'TSTypeAliasDeclaration') return [[declaration.id.name, declaration.typeAnnotation]];
  if (declaration?.type === 'TSInterfaceDeclaration') return [[declaration.id.name, declaration.body.body]];
  return [];
}

/** The paths of the properties of a type, and of those below them. */
function paths(type: TSType | TSTypeElement[] | undefined, types: Types): string[] {
  return elements(type, types).flatMap((element) => {
    if (element.type !== 'TSPropertySignature') return [];
    const name = nameOf(element);
    return [name, ...paths(element.typeAnnotation?.typeAnnotation, types).map((path) => `${name}.${path}`)];
  });
}

function methodNames(method: TSTypeElement, types: Types): string[] {
  if (method.type !== 'TSMethodSignature') throw new Error(`${nameOf(method)} of OpenAIChatKit is no method`);
  const name = nameOf(method);
  const first = method.parameters[0];
  const annotation = first?.typeAnnotation?.type === 'TSTypeAnnotation' ? first.typeAnnotation.typeAnnotation : undefined;
  const fields = name === 'setOptions' ? [] : elements(annotation, types).map(nameOf);
  return [`${name}()`, ...fields.map((field) => `${name}(${field})`)];
}

/** What a type consists of; nothing for texts, numbers, functions and the types of other packages. */
function elements(type: TSType | TSTypeElement[] | undefined, types: Types): TSTypeElement[] {
  if (type === undefined) return [];
  if (Array.isArray(type)) return type;
  switch (type.type) {
    case 'TSTypeLiteral':
      return type.members;
    case 'TSArrayType':
      return elements(type.elementType, types);
    case 'TSUnionType':
      return type.types.flatMap((one) => elements(one, types));
    case 'TSParenthesizedType':
      return elements(type.typeAnnotation, types);
    case 'TSTypeReference':
      return type.typeName.type === 'Identifier' ? elements(types.get(type.typeName.name), types) : [];
    default:
      return [];
  }
}

function nameOf(element: TSTypeElement): string {
  if (element.type !== 'TSPropertySignature' && element.type !== 'TSMethodSignature') throw new Error(`a ${element.type} has no name`);
  if (element.key.type === 'Identifier') return element.key.name;
  if (element.key.type === 'StringLiteral') return element.key.value;
  throw new Error(`a name that is a ${element.key.type}`);
}
