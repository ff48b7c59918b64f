import { exact, formatUsd, type Usd } from "../format/money";

/** An amount; every digit of it on hover. */
export function Money({ amount }: { amount: Usd }) {
  return (
    <span className="money" title={`$${exact(amount)}`} data-usd={exact(amount)}>
      {formatUsd(amount)}
    </span>
  );
}
