/**
 * Exact amounts. The API keeps 12 decimal places; here an amount is a whole number of
 * pico-dollars, so that sums and differences are exact. Floats are for the length of bars only.
 */
export type Usd = bigint;

const PLACES = 12;
const ONE: Usd = 10n ** BigInt(PLACES);

/** Reads an amount as `?money=string` writes it: plain notation, up to 12 decimal places. */
export function usd(text: string | number): Usd {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(String(text));
  if (!match) throw new Error(`not an amount of money: ${text}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const pico = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, "0"));
  return sign ? -pico : pico;
}

/** All digits, without trailing zeros: what to compare and to copy. */
export function exact(amount: Usd): string {
  const [sign, size] = amount < 0n ? ["-", -amount] : ["", amount];
  const fraction = (size % ONE).toString().padStart(PLACES, "0").replace(/0+$/, "");
  return `${sign}${size / ONE}${fraction && `.${fraction}`}`;
}

/** For the length of bars, never for totals. */
export function toFloat(amount: Usd): number {
  return Number(amount) / Number(ONE);
}

/**
 * As people read it: cents from a dollar up, else four decimal places, and more where there would
 * be fewer than three digits, so that a thousandth of a cent does not look like nothing.
 * Half-even, as the API rounds.
 */
export function formatUsd(amount: Usd): string {
  const [sign, size] = amount < 0n ? ["−", -amount] : ["", amount];
  const places = decimals(size);
  const rounded = roundHalfEven(size, PLACES - places);
  const whole = (rounded / 10n ** BigInt(places)).toString();
  const fraction = (rounded % 10n ** BigInt(places)).toString().padStart(places, "0");
  return `${sign}$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
}

/** For axes, where the step between two ticks says how many digits tell them apart. */
export function formatTick(value: number): string {
  if (value === 0) return "$0";
  if (value >= 1000) return `$${compact.format(value)}`;
  return `$${value >= 1 ? plain.format(value) : value.toPrecision(2).replace(/\.?0+$/, "")}`;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

function decimals(size: Usd): number {
  if (size >= ONE || size === 0n) return 2;
  const leadingZeros = PLACES - size.toString().length;
  return Math.min(PLACES, Math.max(4, leadingZeros + 3));
}

function roundHalfEven(size: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(digits);
  const [quotient, rest] = [size / unit, size % unit];
  const twice = rest * 2n;
  const up = twice > unit || (twice === unit && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

export function sum(amounts: Iterable<Usd>): Usd {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** `part` of `whole`, 0 to 1; 0 of nothing. */
export function share(part: Usd, whole: Usd): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}

/** Largest first. */
export function byAmount<T>(amount: (item: T) => Usd): (a: T, b: T) => number {
  return (a, b) => {
    const [x, y] = [amount(a), amount(b)];
    return x < y ? 1 : x > y ? -1 : 0;
  };
}

export function size(amount: Usd): Usd {
  return amount < 0n ? -amount : amount;
}
