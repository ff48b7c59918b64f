import { describe, expect, it } from "vitest";
import { exact, formatTick, formatUsd, share, sum, usd } from "./money";

describe("amounts", () => {
  it("keep every digit", () => {
    for (const text of ["0", "0.000000000001", "-0.5", "12345678901234567890.123456789012", "7"]) {
      expect(exact(usd(text))).toBe(text);
    }
    expect(exact(usd("1.50"))).toBe("1.5");
  });

  it("add up where floats do not", () => {
    expect(exact(sum([usd("0.1"), usd("0.2")]))).toBe("0.3");
    expect(exact(sum(Array(10_000).fill(usd("0.000000000001"))))).toBe("0.00000001");
  });

  it("refuse what is no amount", () => {
    for (const text of ["", "1e-7", "1.", ".5", "NaN", "1.1234567890123", "1,000"]) {
      expect(() => usd(text), text).toThrow();
    }
  });

  it("read well", () => {
    const shown = (text: string) => formatUsd(usd(text));
    expect(shown("0")).toBe("$0.00");
    expect(shown("1234567.891")).toBe("$1,234,567.89");
    expect(shown("0.5")).toBe("$0.5000");
    expect(shown("0.0534")).toBe("$0.0534");
    expect(shown("0.000123456")).toBe("$0.000123");
    expect(shown("0.000000000001")).toBe("$0.000000000001");
    expect(shown("-3.1")).toBe("−$3.10");
    expect(shown("0.99999")).toBe("$1.0000");
  });

  it("round half to even, as the API does", () => {
    expect(formatUsd(usd("1.125"))).toBe("$1.12");
    expect(formatUsd(usd("1.135"))).toBe("$1.14");
  });

  it("have shares", () => {
    expect(share(usd("1"), usd("4"))).toBe(0.25);
    expect(share(usd("1"), 0n)).toBe(0);
  });

  it("have ticks", () => {
    expect([0, 0.0025, 0.5, 12.5, 1500].map(formatTick)).toEqual(["$0", "$0.0025", "$0.5", "$12.5", "$1.5K"]);
  });
});
