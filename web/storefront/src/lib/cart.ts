// The shopper's cart: one per browser, kept by the server, known here by its id and token.
//
// Changes happen one after the other. A change whose answer is lost is not repeated blindly: the
// cart is read again, and only what is missing is done.

import { isPassing, Problem, type Cart, type CartUpdate } from 'securecart-client';
import { Signal } from 'securecart-kit/signal';
import { forget, readStored, store } from 'securecart-kit/storage';

import {
  addCode,
  addLine,
  createCart,
  getCart,
  removeCode as removeCodeOf,
  setLine,
  updateCart,
  type CartRef,
} from '../api/store';
import { session } from './session';

const name = 'securecart.cart';

export interface CartState {
  cart: Cart | null;
  loaded: boolean;
  // A change is on its way.
  busy: boolean;
  error: unknown;
}

export const cartState = new Signal<CartState>({
  cart: null,
  loaded: false,
  busy: false,
  error: null,
});

export const drawerOpen = new Signal(false);

export const cartRef = (): CartRef | null => readStored<CartRef>(name);

function patch(change: Partial<CartState>): void {
  cartState.set({ ...cartState.get(), ...change });
}

export const cartCount = (cart: Cart | null): number =>
  cart === null ? 0 : cart.lines.reduce((sum, line) => sum + line.quantity, 0);

// Leaves the cart behind: it became an order, or is gone.
export function leaveCart(): void {
  forget(name);
  patch({ cart: null, loaded: true, error: null });
}

let last: Promise<unknown> = Promise.resolve();

// Runs `change` after all changes before it.
function inTurn<T>(change: () => Promise<T>): Promise<T> {
  const turn = last.then(async () => {
    patch({ busy: true, error: null });
    try {
      return await change();
    } catch (error) {
      patch({ error });
      throw error;
    } finally {
      patch({ busy: false });
    }
  });
  last = turn.catch(() => undefined);
  return turn;
}

function took(cart: Cart): Cart {
  patch({ cart, loaded: true });
  return cart;
}

const isGone = (error: unknown) => error instanceof Problem && error.status === 404;

async function reread(ref: CartRef): Promise<Cart | null> {
  try {
    const cart = await getCart(ref);
    // Meanwhile it may have become an order and been left behind.
    return cartRef()?.id === ref.id ? took(cart) : null;
  } catch (error) {
    if (isGone(error)) {
      leaveCart();
      return null;
    }
    throw error;
  }
}

// Reads the cart anew. Resolves to null when there is none.
export function refreshCart(): Promise<Cart | null> {
  return inTurn(async () => {
    const ref = cartRef();
    if (ref === null) {
      patch({ cart: null, loaded: true });
      return null;
    }
    return reread(ref);
  });
}

export const changeLine = (lineId: string, quantity: number): Promise<Cart> =>
  inTurn(async () => took(await setLine(mustRef(), lineId, quantity)));

export const changeCart = (change: CartUpdate): Promise<Cart> =>
  inTurn(async () => took(await updateCart(mustRef(), change)));

export const enterCode = (code: string): Promise<Cart> =>
  inTurn(async () => took(await addCode(mustRef(), code)));

export const removeCode = (code: string): Promise<Cart> =>
  inTurn(async () => took(await removeCodeOf(mustRef(), code)));

export const addToCart = (variantId: string, quantity: number, currency: string): Promise<Cart> =>
  inTurn(async () => {
    const ref = cartRef();
    const cart = ref === null ? null : (cartState.get().cart ?? (await reread(ref)));
    if (ref === null || cart === null || cart.status === 'completed') {
      return startCart(currency, [{ variant_id: variantId, quantity }]);
    }
    const line = cart.lines.find((known) => known.variant_id === variantId);
    if (line !== undefined) {
      return took(await setLine(ref, line.id, line.quantity + quantity));
    }
    try {
      return took(await addOnce(ref, variantId, quantity));
    } catch (error) {
      if (error instanceof Problem && (error.code === 'cart_completed' || isGone(error))) {
        return startCart(currency, [{ variant_id: variantId, quantity }]);
      }
      throw error;
    }
  });

async function startCart(currency: string, lines: { variant_id: string; quantity: number }[]) {
  const { cart, ref } = await createCart({ currency, lines });
  store(name, ref);
  return took(cart);
}

async function addOnce(ref: CartRef, variantId: string, quantity: number): Promise<Cart> {
  try {
    return await addLine(ref, variantId, quantity);
  } catch (error) {
    if (!isPassing(error)) {
      throw error;
    }
    const cart = await getCart(ref);
    const arrived = cart.lines.some((line) => line.variant_id === variantId);
    return arrived ? cart : addLine(ref, variantId, quantity);
  }
}

function mustRef(): CartRef {
  const ref = cartRef();
  if (ref === null) {
    throw new Error('there is no cart to change');
  }
  return ref;
}

// A guest's cart that its owner signs in with moves to a cart of the account, so that the order is
// found there later.
export const adoptCart = (): Promise<void> =>
  inTurn(async () => {
    const cart = cartState.get().cart;
    if (session.get() === null || cart === null || cart.customer_id !== null) {
      return;
    }
    const lines = cart.lines.map(({ variant_id, quantity }) => ({ variant_id, quantity }));
    if (lines.length > 0 && cart.status === 'open') {
      await startCart(cart.currency, lines);
      for (const { code } of cart.codes) {
        // One that ended meanwhile stays behind.
        await addCode(mustRef(), code).then(took, () => undefined);
      }
    }
  });

// Another tab has put something in, or has paid.
window.addEventListener('storage', (event) => {
  if (event.key === name) {
    void refreshCart().catch(() => undefined);
  }
});
