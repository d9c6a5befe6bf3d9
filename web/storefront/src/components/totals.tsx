import type { AppliedDiscount, CartTotals } from 'securecart-client';

import { money, taxLabel } from '../lib/money';
import { text } from '../text';

// `shipping` is left out (null) while nobody knows it yet.
export function Totals({
  totals,
  discounts,
  currency,
  shippingKnown = true,
  refunded = 0,
}: {
  totals: CartTotals;
  discounts: AppliedDiscount[];
  currency: string;
  shippingKnown?: boolean;
  refunded?: number;
}) {
  // Contained in the prices, the tax stands below the total it is part of; added to them, above it.
  const rows = totals.tax_lines.map((tax) => (
    <div key={tax.name + tax.basis_points} className={totals.tax_included ? 'totals-soft' : ''}>
      <dt>{taxLabel(tax, totals.tax_included)}</dt>
      <dd>{money(tax.amount, currency)}</dd>
    </div>
  ));
  return (
    <dl className="totals">
      <div>
        <dt>{text.totals.subtotal}</dt>
        <dd>{money(totals.subtotal, currency)}</dd>
      </div>
      {discounts
        .filter(({ amount }) => amount > 0)
        .map(({ promotion_id, title, code, amount }) => (
          <div key={promotion_id} className="totals-off">
            <dt>{code === '' ? title : text.totals.withCode(title, code)}</dt>
            <dd>−{money(amount, currency)}</dd>
          </div>
        ))}
      <div>
        <dt>{text.totals.shipping}</dt>
        <dd>
          {!shippingKnown && <span className="soft">{text.totals.shippingUnknown}</span>}
          {shippingKnown &&
            (totals.shipping === 0 ? text.totals.free : money(totals.shipping, currency))}
        </dd>
      </div>
      {!totals.tax_included && rows}
      <div className="totals-total">
        <dt>{text.totals.total}</dt>
        <dd>{money(totals.total, currency)}</dd>
      </div>
      {totals.tax_included && rows}
      {refunded > 0 && (
        <div>
          <dt>{text.totals.refunded}</dt>
          <dd>−{money(refunded, currency)}</dd>
        </div>
      )}
    </dl>
  );
}
