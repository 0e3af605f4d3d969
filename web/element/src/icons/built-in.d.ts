/** The icons of `names.json`, which the build takes out of Lucide's. */
declare module 'icons:built-in' {
  import type { Shapes } from './draw';
  const shapes: Record<string, Shapes>;
  export default shapes;
}
