import type { ChatKitOptions, SurfaceColors, ThemeOption } from '@openai/chatkit';
import { readable } from './contrast';

/** Corner sizes in pixels by the theme's `radius`: small (controls), medium (cards), large (composer, bubbles). */
const RADII = {
  pill: [10, 16, 28],
  round: [8, 12, 18],
  soft: [5, 8, 10],
  sharp: [0, 0, 0],
} as const;

/** The unit that all distances are multiples of, in pixels. */
const UNITS = { compact: 3, normal: 4, spacious: 5 } as const;

const SANS = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

/** The whole theme option as custom properties of the host; the style sheet knows nothing else of it. */
export function applyTheme(host: HTMLElement, option: ChatKitOptions['theme']): void {
  const theme: ThemeOption = typeof option === 'string' ? { colorScheme: option } : (option ?? {});
  const dark = theme.colorScheme === 'dark';
  host.toggleAttribute('data-dark', dark);
  loadFonts(host.ownerDocument, theme);
  const tokens = { ...palette(theme, dark), ...shape(theme), ...type(theme) };
  for (const [name, value] of Object.entries(tokens)) host.style.setProperty(`--ck-${name}`, value);
}

/** The colours of one scheme as custom properties: for a part that keeps its scheme, whatever the page has. */
export function schemeTokens(option: ChatKitOptions['theme'], scheme: 'light' | 'dark'): Record<string, string> {
  const theme: ThemeOption = typeof option === 'string' ? {} : (option ?? {});
  // Colours that the site chose for its own scheme would not be legible in the other one.
  const { surface: _, ...color } = theme.color ?? {};
  const isSame = (typeof option === 'string' ? option : option?.colorScheme ?? 'light') === scheme;
  const tokens = palette(isSame ? theme : { ...theme, color: { ...color, accent: undefined } }, scheme === 'dark');
  return Object.fromEntries(Object.entries(tokens).map(([name, value]) => [`--ck-${name}`, value]));
}

function palette(theme: ThemeOption, dark: boolean): Record<string, string> {
  const { grayscale, accent, surface } = theme.color ?? {};
  const hue = grayscale?.hue ?? 0;
  const chroma = (grayscale?.tint ?? 0) * 0.004;
  const shade = (grayscale?.shade ?? 0) * 0.012;
  const level = accent?.level ?? 1;
  const [ground, ink] = dark ? [0.19, 0.95] : [1, 0.2];
  // Lightness of OKLCH, so that a step looks the same in every hue. Over a surface of the page's own, the same steps
  // lie between its two colours.
  const gray = (lightness: number) =>
    surface === undefined ? oklch(lightness + shade, chroma, hue) : between(surface, (lightness - ground) / (ink - ground));
  const under = surface?.background ?? gray(ground);
  const text = surface?.foreground ?? gray(ink);
  const primary = accent?.primary ?? text;
  const tinted = accent === undefined || level === 0 ? gray(dark ? 0.27 : 0.955) : mix(primary, 6 + level * 5);
  return {
    surface: under,
    raised: gray(dark ? 0.24 : 0.985),
    sunken: gray(dark ? 0.16 : 0.965),
    hover: gray(dark ? 0.29 : 0.94),
    border: gray(dark ? 0.34 : 0.89),
    'border-strong': gray(dark ? 0.55 : 0.62),
    text,
    muted: gray(dark ? 0.74 : 0.45),
    accent: primary,
    'accent-text': accent === undefined ? text : readable(primary, under),
    // Seen on every ground, also where the accent is as pale as the surface.
    focus: `color-mix(in oklab, ${primary} 50%, ${text})`,
    'on-accent': `oklch(from ${primary} clamp(0, (0.68 - l) * 1000, 1) 0 0)`,
    bubble: tinted,
    info: dark ? '#6cb2ff' : '#0b5cad',
    success: dark ? '#5fd38d' : '#13703a',
    warning: dark ? '#f2b84b' : '#8a5600',
    caution: dark ? '#f2b84b' : '#8a5600',
    danger: dark ? '#ff8f87' : '#b3261e',
    discovery: dark ? '#c3a1ff' : '#6b3fc0',
  };
}

/** A page without types may say what is none of these. */
function shape(theme: ThemeOption): Record<string, string> {
  const [small, medium, large] = RADII[theme.radius ?? 'pill'] ?? RADII.pill;
  const sharp = theme.radius === 'sharp';
  return {
    'radius-sm': `${small}px`,
    'radius-md': `${medium}px`,
    'radius-lg': `${large}px`,
    'radius-full': sharp ? '0' : '9999px',
    unit: `${UNITS[theme.density ?? 'normal'] ?? UNITS.normal}px`,
  };
}

function type(theme: ThemeOption): Record<string, string> {
  const { baseSize, fontFamily, fontFamilyMono } = theme.typography ?? {};
  return {
    size: String(baseSize ?? 16),
    font: fontFamily === undefined ? SANS : `${fontFamily}, ${SANS}`,
    mono: fontFamilyMono === undefined ? MONO : `${fontFamilyMono}, ${MONO}`,
  };
}

/** Fonts belong to the document: a shadow root cannot declare any. */
function loadFonts(place: Document, theme: ThemeOption): void {
  const { defaultView } = place;
  if (defaultView === null) return;
  const loaded = loadedIn.get(place) ?? new Set();
  loadedIn.set(place, loaded);
  for (const font of theme.typography?.fontSources ?? []) {
    const { family, src, weight, style, display, unicodeRange } = font;
    const descriptors: FontFaceDescriptors = { display: display ?? 'swap' };
    if (weight !== undefined) descriptors.weight = String(weight);
    if (style !== undefined) descriptors.style = style;
    if (unicodeRange !== undefined) descriptors.unicodeRange = unicodeRange;
    const key = JSON.stringify(font);
    if (loaded.has(key) || !URL.canParse(src, document.baseURI)) continue;
    loaded.add(key);
    const face = new defaultView.FontFace(family, `url(${JSON.stringify(new URL(src, document.baseURI).href)})`, descriptors);
    place.fonts.add(face);
  }
}

const loadedIn = new WeakMap<Document, Set<string>>();

function mix(color: string, percent: number): string {
  return `color-mix(in oklab, ${color} ${percent}%, var(--ck-surface))`;
}

/** White and black have no tint: a screen would show it as another lightness. */
function oklch(lightness: number, chroma: number, hue: number): string {
  const clamped = Math.min(1, Math.max(0, Math.round(lightness * 1000) / 1000));
  const tint = chroma * Math.min(1, 20 * Math.min(clamped, 1 - clamped));
  return `oklch(${clamped} ${Math.round(tint * 10_000) / 10_000} ${hue})`;
}

/** From the background (0) to the foreground (1), never quite the background. */
function between({ background, foreground }: SurfaceColors, way: number): string {
  return `color-mix(in oklab, ${foreground} ${Math.round(100 * Math.max(0.02, way))}%, ${background})`;
}
