import { useSignal } from 'securecart-kit/signal';

import { ButtonLink, LoadFailure, Notice, Skeleton } from '../components/basics';
import { CartLines } from '../components/cart_lines';
import { Codes } from '../components/codes';
import { Totals } from '../components/totals';
import { cartState, refreshCart } from '../lib/cart';
import { usePageTitle } from '../lib/page';
import { text } from '../text';

export function CartPage() {
  usePageTitle(text.cart.title);
  const { cart, loaded, error } = useSignal(cartState);
  if (!loaded) {
    return (
      <div className="page">
        <h1>{text.cart.title}</h1>
        {error === null ? (
          <Skeleton className="skeleton-block" />
        ) : (
          <LoadFailure error={error} retry={() => void refreshCart().catch(() => undefined)} />
        )}
      </div>
    );
  }
  if (cart === null || cart.lines.length === 0) {
    return (
      <div className="page page-narrow centred">
        <h1>{text.cart.title}</h1>
        <p className="lead">
          {text.cart.empty} {text.cart.emptyHint}
        </p>
        <p className="buttons">
          <ButtonLink to="/collections">{text.cart.browse}</ButtonLink>
        </p>
      </div>
    );
  }
  return (
    <div className="page">
      <h1>{text.cart.title}</h1>
      <div className="with-aside">
        <CartLines cart={cart} />
        <aside className="panel">
          {cart.problems.length > 0 && (
            <Notice kind="problem" announce={false}>
              <p>{text.cart.problems}</p>
            </Notice>
          )}
          <Totals
            totals={cart.totals}
            discounts={cart.discounts}
            currency={cart.currency}
            shippingKnown={cart.shipping_method !== null || !cart.requires_shipping}
          />
          <Codes cart={cart} />
          <ButtonLink to="/checkout">{text.cart.checkout}</ButtonLink>
        </aside>
      </div>
    </div>
  );
}
