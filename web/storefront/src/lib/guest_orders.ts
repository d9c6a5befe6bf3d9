// The orders placed from this browser with the secrets that let a guest follow them.

import type { Order } from '../api/types';
import { readStored, store } from './storage';

const name = 'securecart.orders';
const mostKept = 50;

export interface GuestOrder {
  id: string;
  token: string;
  number: string;
  placed_at: string;
}

export const guestOrders = (): GuestOrder[] => readStored<GuestOrder[]>(name) ?? [];

export function keepOrder(order: GuestOrder): void {
  const others = guestOrders().filter((known) => known.id !== order.id);
  store(name, [order, ...others].slice(0, mostKept));
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
