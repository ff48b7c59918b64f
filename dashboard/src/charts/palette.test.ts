import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SERIES } from "./palette";

type Rgb = [number, number, number];

const css = readFileSync(new URL("../styles/base.css", import.meta.url), "utf8");

function token(name: string): { light: Rgb; dark: Rgb } {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  if (!match?.[1] || !match[2]) throw new Error(`no colour --${name}`);
  return { light: linear(match[1]), dark: linear(match[2]) };
}

function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira & Fernandes 2009, full severity, in linear RGB. */
const SEEN_WITH: Record<string, Rgb[]> = {
  "full colour": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

function seen(colour: Rgb, matrix: Rgb[]): Rgb {
  const row = (of: Rgb | undefined) => of ? Math.min(1, Math.max(0, of[0] * colour[0] + of[1] * colour[1] + of[2] * colour[2])) : 0;
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

/** Björn Ottosson's OKLab: distances are about as they look. */
function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

describe.each(["light", "dark"] as const)("%s colours", (theme) => {
  const of = (name: string) => token(name)[theme];
  const series = Array.from({ length: SERIES }, (_, index) => of(`series-${index + 1}`));

  it("of groups stand out from the surface (WCAG 1.4.11: 3 to 1)", () => {
    for (const colour of [...series, of("series-rest"), of("line-strong")]) {
      expect(contrast(colour, of("surface"))).toBeGreaterThanOrEqual(3);
    }
  });

  it("of text can be read (WCAG 1.4.3: 4.5 to 1)", () => {
    for (const text of ["text", "muted", "accent", "good", "bad", "warn"]) {
      for (const behind of ["page", "surface", "raised", "sunken", "hover"]) {
        expect(contrast(of(text), of(behind)), `${text} on ${behind}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const [text, behind] of [["accent", "accent-soft"], ["bad", "bad-soft"], ["warn", "warn-soft"], ["text", "bad-soft"], ["text", "warn-soft"]] as const) {
      expect(contrast(of(text), of(behind)), `${text} on ${behind}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast([1, 1, 1], of("accent-fill"))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(Object.keys(SEEN_WITH))("of groups are told apart with %s", (sight) => {
    const matrix = SEEN_WITH[sight] ?? [];
    const labs = series.map((colour) => oklab(seen(colour, matrix)));
    for (const [i, a] of labs.entries()) {
      for (const b of labs.slice(i + 1)) {
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThanOrEqual(0.07);
      }
    }
  });
});
