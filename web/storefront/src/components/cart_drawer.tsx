import { useSignal } from 'securecart-kit/signal';

import { cartCount, cartState, drawerOpen } from '../lib/cart';
import { money } from '../lib/money';
import { loadCheckoutPage, prefetchPage } from '../pages/lazy';
import { text } from '../text';
import { Button, ButtonLink, Dialog, Notice } from './basics';
import { CartLines } from './cart_lines';
import { CloseIcon } from './icons';

const close = () => drawerOpen.set(false);

export function CartDrawer() {
  const open = useSignal(drawerOpen);
  return (
    <Dialog open={open} onClose={close} label={text.cart.title} className="drawer">
      <DrawerBody />
    </Dialog>
  );
}

function DrawerBody() {
  const { cart } = useSignal(cartState);
  const empty = cart === null || cart.lines.length === 0;
  return (
    <>
      <header className="drawer-head">
        <h2>
          {text.cart.title} {!empty && <span className="soft">({cartCount(cart)})</span>}
        </h2>
        <button type="button" className="icon-button" aria-label={text.close} onClick={close}>
          <CloseIcon />
        </button>
      </header>
      {empty ? (
        <div className="drawer-empty">
          <p>{text.cart.empty}</p>
          <ButtonLink to="/collections" kind="quiet" onClick={close}>
            {text.cart.browse}
          </ButtonLink>
        </div>
      ) : (
        <>
          <div className="drawer-lines">
            <CartLines cart={cart} onFollow={close} />
          </div>
          <footer className="drawer-foot" onPointerEnter={() => prefetchPage(loadCheckoutPage)}>
            {cart.problems.length > 0 && (
              <Notice kind="problem" announce={false}>
                <p>{text.cart.problems}</p>
              </Notice>
            )}
            <p className="drawer-sum">
              <span>{text.cart.subtotal}</span>
              <span>{money(cart.totals.subtotal, cart.currency)}</span>
            </p>
            <p className="soft small">
              {cart.totals.tax_included ? text.cart.taxIncluded : text.cart.taxLater}
            </p>
            <ButtonLink to="/checkout" onClick={close}>
              {text.cart.checkout}
            </ButtonLink>
            <div className="drawer-more">
              <Button kind="link" onClick={close}>
                {text.cart.more}
              </Button>
              <ButtonLinkQuiet />
            </div>
          </footer>
        </>
      )}
    </>
  );
}

function ButtonLinkQuiet() {
  return (
    <ButtonLink to="/cart" kind="quiet" onClick={close}>
      {text.cart.view}
    </ButtonLink>
  );
}
