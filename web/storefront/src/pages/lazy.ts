// Pages that are fetched when they are first needed. Home and lists are part of the first load.

import { lazy } from 'react';

export const loadProductPage = () =>
  import('./product_page').then(({ ProductPage }) => ({ default: ProductPage }));
export const loadCheckoutPage = () =>
  import('./checkout_page').then(({ CheckoutPage }) => ({ default: CheckoutPage }));
export const loadOrderPage = () =>
  import('./order_page').then(({ OrderPage }) => ({ default: OrderPage }));
const loadCartPage = () => import('./cart_page').then(({ CartPage }) => ({ default: CartPage }));
const loadAccountPage = () =>
  import('./account_page').then(({ AccountPage }) => ({ default: AccountPage }));

export const ProductPage = lazy(loadProductPage);
export const CheckoutPage = lazy(loadCheckoutPage);
export const OrderPage = lazy(loadOrderPage);
export const CartPage = lazy(loadCartPage);
export const AccountPage = lazy(loadAccountPage);
