import { exact, formatUsd, type Usd, usd } from "../format/money";
import { plural } from "../format/number";

/** An amount; every digit of it on hover. */
export function Money({ amount }: { amount: Usd }) {
  return (
    <span className="money" title={`$${exact(amount)}`} data-usd={exact(amount)}>
      {formatUsd(amount)}
    </span>
  );
}

/** A sum over calls. That no price is known for any of them is not that they were free. */
export function Cost({ of }: { of: { total_cost: string | number; unpriced_count: number } }) {
  const total = usd(of.total_cost);
  if (total !== 0n || of.unpriced_count === 0) return <Money amount={total} />;
  return <span className="tag warn" data-usd="unknown" title={`No price is known for ${plural(of.unpriced_count, "call")}`}>unknown</span>;
}
