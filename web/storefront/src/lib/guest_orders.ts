// The orders placed from this browser with the secrets that let a guest follow them.

import type { Order } from 'securecart-client';
import { readStored, store } from 'securecart-kit/storage';

const name = 'securecart.orders';
const mostKept = 50;

export interface GuestOrder {
  id: string;
  token: string;
  number: string;
  placed_at: string;
  // Placed, but its page was never shown: the answer came while the page was left or reloaded.
  unseen?: boolean;
  // Placed while signed in: the account shows it.
  account?: boolean;
}

export const guestOrders = (): GuestOrder[] => readStored<GuestOrder[]>(name) ?? [];

export function keepOrder(order: GuestOrder): void {
  const others = guestOrders().filter((known) => known.id !== order.id);
  store(name, [order, ...others].slice(0, mostKept));
}

// What belongs to an account leaves with its owner.
export function forgetAccountOrders(): void {
  store(
    name,
    guestOrders().filter((order) => !order.account),
  );
}

export const unseenOrder = (): GuestOrder | null =>
  guestOrders().find((order) => order.unseen) ?? null;

export function markSeen(id: string): void {
  const orders = guestOrders();
  if (orders.some((order) => order.id === id && order.unseen)) {
    store(
      name,
      orders.map((order) => (order.id === id ? { ...order, unseen: false } : order)),
    );
  }
}

export const orderToken = (id: string): string | null =>
  guestOrders().find((order) => order.id === id)?.token ?? null;

// The order as its completion answered, so that its page has something to show at once.
let justPlaced: Order | null = null;

export function rememberPlaced(order: Order): void {
  justPlaced = order;
}

export const placedOrder = (id: string): Order | null =>
  justPlaced?.id === id ? justPlaced : null;
