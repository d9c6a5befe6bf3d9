// The lines of the cart with everything one can do to them: in the drawer, on the cart page, and at
// checkout where something has to be mended.

import { useState } from 'react';
import type { Cart, CartLine } from 'securecart-client';
import { Link } from 'securecart-kit/router';

import { changeLine } from '../lib/cart';
import { money } from '../lib/money';
import { explain } from '../lib/words';
import { text } from '../text';
import { Button, Stepper, VariantName } from './basics';
import { AlertIcon } from './icons';

const mostOfALine = 10_000;

export function CartLines({ cart, onFollow }: { cart: Cart; onFollow?: () => void }) {
  return (
    <ul className="lines">
      {cart.lines.map((line) => (
        <Line key={line.id} cart={cart} line={line} onFollow={onFollow} />
      ))}
    </ul>
  );
}

function Line({
  cart,
  line,
  onFollow,
}: {
  cart: Cart;
  line: CartLine;
  onFollow: (() => void) | undefined;
}) {
  const [wanted, setWanted] = useState<number | null>(null); // while it is being saved
  const [failure, setFailure] = useState<string | null>(null);
  const problem = cart.problems.find((one) => one.line_id === line.id);
  const left = line.quantity_available;

  const change = async (quantity: number) => {
    setWanted(quantity);
    setFailure(null);
    try {
      await changeLine(line.id, quantity);
    } catch (error) {
      setFailure(explain(error));
    } finally {
      setWanted(null);
    }
  };

  const quantity = wanted ?? line.quantity;
  return (
    <li className="line" data-busy={wanted !== null || undefined} data-line={line.sku}>
      {/* The title beside it goes to the same place. */}
      <Link
        to={`/products/${line.handle}`}
        className="line-picture"
        onClick={onFollow}
        tabIndex={-1}
        aria-hidden="true"
      >
        {line.image !== null && <img src={line.image.src} alt="" width={96} height={96} />}
      </Link>
      <div className="line-words">
        <Link to={`/products/${line.handle}`} className="line-title" onClick={onFollow}>
          {line.title}
        </Link>
        <VariantName title={line.variant_title} />
        <span className="line-each">
          {line.quantity > 1 && text.cart.each(money(line.unit_price, cart.currency))}
        </span>
      </div>
      <span className="line-total">{money(line.total, cart.currency)}</span>
      <div className="line-actions">
        <Stepper
          value={quantity}
          most={Math.min(left ?? mostOfALine, mostOfALine)}
          label={text.cart.quantityOf(line.title)}
          less={text.cart.less(line.title)}
          more={text.cart.plus(line.title)}
          disabled={wanted !== null}
          onChange={(next) => void change(next)}
        />
        <Button
          kind="link"
          onClick={() => void change(0)}
          aria-label={text.cart.removeLine(line.title)}
          busy={wanted !== null}
        >
          {text.cart.remove}
        </Button>
      </div>
      {problem !== undefined && (
        <div className="line-problem" role="alert">
          <AlertIcon />
          <span>{problem.detail}</span>
          {problem.code === 'out_of_stock' && left !== null && left > 0 && (
            <Button kind="quiet" onClick={() => void change(left)} busy={wanted !== null}>
              {text.cart.takeLeft(left)}
            </Button>
          )}
        </div>
      )}
      {failure !== null && (
        <div className="line-problem" role="alert">
          <AlertIcon />
          <span>{failure}</span>
        </div>
      )}
    </li>
  );
}
