/** Red, green and blue as amounts of light, each from 0 to 1. */
type Rgb = [number, number, number];

/** WCAG wants 4.5 for words. What has this on the chat's surface has that on the ground of code, too, which is a little darker. */
const READ = 5.1;
/** On a lighter ground black is read better than white. */
const MIDDLE = 0.18;

/** No colour that anybody would think of. */
const UNKNOWN = '#010203';
/** What else than `#ffee00` a canvas writes: `rgba(255, 238, 0, 0.5)`, `color(srgb 1 0.93 0)`. */
const WRITTEN = /^(rgba?\(|color\(srgb )([\d.e-]+),? ([\d.e-]+),? ([\d.e-]+)/;

let context: CanvasRenderingContext2D | null | undefined;

/** A colour that words are read in on this ground: the same where they are already, else a darker or a lighter one of it. */
export function readable(color: string, ground: string): string {
  const [own, under] = [linear(color), linear(ground)];
  // What stands in a variable of the page, say, is not known here.
  if (own === null || under === null) return color;
  const [light, around] = [luminance(own), luminance(under)];
  if ((Math.max(light, around) + 0.05) / (Math.min(light, around) + 0.05) >= READ) return color;
  const wanted = around > MIDDLE ? (around + 0.05) / READ - 0.05 : (around + 0.05) * READ - 0.05;
  return rgb(withLuminance(own, Math.min(1, Math.max(0, wanted))));
}

/** The colour as dark or light as it is wanted: as bright as a screen can show it, and with white from there on. */
function withLuminance(color: Rgb, wanted: number): Rgb {
  const light = luminance(color);
  const bright = light === 0 ? color : times(color, Math.min(wanted / light, 1 / Math.max(...color)));
  const left = luminance(bright);
  return wanted > left ? bright.map((part) => 1 - (1 - part) * (1 - wanted) / (1 - left)) as Rgb : bright;
}

/** A colour of CSS, as far as it says by itself what it is. */
function linear(color: string): Rgb | null {
  context ??= document.createElement('canvas').getContext('2d');
  if (context == null) return null;
  context.fillStyle = UNKNOWN;
  // Mixed with itself it is said in red, green and blue, however it was said before.
  context.fillStyle = `color-mix(in srgb, ${color}, ${color})`;
  const found = String(context.fillStyle);
  const hex = /^#(..)(..)(..)$/.exec(found)?.slice(1).map((part) => parseInt(part, 16) / 255);
  const other = WRITTEN.exec(found)?.slice(2).map((part) => Number(part) / (found.startsWith('rgb') ? 255 : 1));
  return found === UNKNOWN ? null : ((hex ?? other)?.map(toLinear) as Rgb | undefined) ?? null;
}

function toLinear(part: number): number {
  const within = Math.min(1, Math.max(0, part));
  return within <= 0.04045 ? within / 12.92 : ((within + 0.055) / 1.055) ** 2.4;
}

/** WCAG's. */
function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function times(color: Rgb, factor: number): Rgb {
  return color.map((part) => part * factor) as Rgb;
}

function rgb(color: Rgb): string {
  const percents = color.map((part) => (part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055) * 100);
  return `rgb(${percents.map((part) => `${part.toFixed(2)}%`).join(' ')})`;
}
