// Made by generate.mjs from /openapi.json. Change the API, not this file.

import { Client, type CallOptions, type Operation } from '../client.js';
import type {
  Address,
  Cart,
  CartCodeInput,
  CartCompletion,
  CartCreated,
  CartInput,
  CartLineInput,
  CartLineUpdate,
  CartShippingMethods,
  CartUpdate,
  Collection,
  CollectionPage,
  Customer,
  CustomerAddress,
  CustomerAddressPage,
  CustomerAddressUpdate,
  CustomerRegistration,
  CustomerSession,
  CustomerUpdate,
  Order,
  OrderCancellation,
  OrderPaymentInput,
  OrderPlaced,
  OrderSummaryPage,
  Product,
  ProductSummaryPage,
  ReceiptFile,
  ReceiptKeyPage,
  Shop,
  SignIn,
} from './schemas.js';

export const getShop: Operation<object, Shop> = {
  method: 'GET',
  path: '/v1/store/shop',
  repeatable: true,
};

export const listReceiptKeys: Operation<object, ReceiptKeyPage> = {
  method: 'GET',
  path: '/v1/store/receipt-keys',
  repeatable: true,
};

export interface CreateCustomerArgs {
  body: CustomerRegistration;
}

export const createCustomer: Operation<CreateCustomerArgs, CustomerSession> = {
  method: 'POST',
  path: '/v1/store/customers',
  takes: 'json',
  keeps: 'session',
};

export interface CreateCustomerSessionArgs {
  body: SignIn;
}

export const createCustomerSession: Operation<CreateCustomerSessionArgs, CustomerSession> = {
  method: 'POST',
  path: '/v1/store/sessions',
  takes: 'json',
  keeps: 'session',
};

export const deleteCustomerSession: Operation<object, null> = {
  method: 'DELETE',
  path: '/v1/store/sessions/current',
  drops: 'session',
};

export const getCurrentCustomer: Operation<object, Customer> = {
  method: 'GET',
  path: '/v1/store/customers/me',
  repeatable: true,
};

export interface UpdateCurrentCustomerArgs {
  body: CustomerUpdate;
}

export const updateCurrentCustomer: Operation<UpdateCurrentCustomerArgs, Customer> = {
  method: 'PATCH',
  path: '/v1/store/customers/me',
  takes: 'json',
};

export const listCustomerAddresses: Operation<object, CustomerAddressPage> = {
  method: 'GET',
  path: '/v1/store/customers/me/addresses',
  repeatable: true,
};

export interface CreateCustomerAddressArgs {
  body: Address;
}

export const createCustomerAddress: Operation<CreateCustomerAddressArgs, CustomerAddress> = {
  method: 'POST',
  path: '/v1/store/customers/me/addresses',
  takes: 'json',
};

export interface UpdateCustomerAddressArgs {
  /** The address's id. */
  address_id: string;
  body: CustomerAddressUpdate;
}

export const updateCustomerAddress: Operation<UpdateCustomerAddressArgs, CustomerAddress> = {
  method: 'PATCH',
  path: '/v1/store/customers/me/addresses/{address_id}',
  takes: 'json',
};

export interface DeleteCustomerAddressArgs {
  /** The address's id. */
  address_id: string;
}

export const deleteCustomerAddress: Operation<DeleteCustomerAddressArgs, null> = {
  method: 'DELETE',
  path: '/v1/store/customers/me/addresses/{address_id}',
};

export interface ListProductsArgs {
  /** Only products of this collection, by handle or id. */
  collection?: string | undefined;
  /**
   * One of the shop's currencies; its own when left out. Products without a price in it are not
   * there.
   */
  currency?: string | undefined;
  /** The order. */
  sort?: 'newest' | 'title' | 'price_asc' | 'price_desc' | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listProducts: Operation<ListProductsArgs, ProductSummaryPage> = {
  method: 'GET',
  path: '/v1/store/products',
  query: ['collection', 'currency', 'sort', 'limit', 'cursor'],
  repeatable: true,
};

export interface GetProductArgs {
  /** The product's id or handle. */
  product: string;
  /**
   * One of the shop's currencies; its own when left out. Products without a price in it are not
   * there.
   */
  currency?: string | undefined;
}

export const getProduct: Operation<GetProductArgs, Product> = {
  method: 'GET',
  path: '/v1/store/products/{product}',
  query: ['currency'],
  repeatable: true,
};

export interface ListRecommendationsArgs {
  /** The product's id or handle. */
  product: string;
  /**
   * One of the shop's currencies; its own when left out. Products without a price in it are not
   * there.
   */
  currency?: string | undefined;
}

export const listRecommendations: Operation<ListRecommendationsArgs, ProductSummaryPage> = {
  method: 'GET',
  path: '/v1/store/products/{product}/recommendations',
  query: ['currency'],
  repeatable: true,
};

export interface SearchProductsArgs {
  /** Words, as typed. */
  q: string;
  /**
   * One of the shop's currencies; its own when left out. Products without a price in it are not
   * there.
   */
  currency?: string | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const searchProducts: Operation<SearchProductsArgs, ProductSummaryPage> = {
  method: 'GET',
  path: '/v1/store/search',
  query: ['q', 'currency', 'limit', 'cursor'],
  repeatable: true,
};

export interface ListCollectionsArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listCollections: Operation<ListCollectionsArgs, CollectionPage> = {
  method: 'GET',
  path: '/v1/store/collections',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface GetCollectionArgs {
  /** The collection's id or handle. */
  collection: string;
}

export const getCollection: Operation<GetCollectionArgs, Collection> = {
  method: 'GET',
  path: '/v1/store/collections/{collection}',
  repeatable: true,
};

export interface CreateCartArgs {
  body?: CartInput | undefined;
}

export const createCart: Operation<CreateCartArgs, CartCreated> = {
  method: 'POST',
  path: '/v1/store/carts',
  takes: 'json',
  repeatable: true,
  keeps: 'cart',
};

export interface GetCartArgs {
  /** The cart's id. */
  cart_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
}

export const getCart: Operation<GetCartArgs, Cart> = {
  method: 'GET',
  path: '/v1/store/carts/{cart_id}',
  repeatable: true,
  token: 'cart',
};

export interface UpdateCartArgs {
  /** The cart's id. */
  cart_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
  body: CartUpdate;
}

export const updateCart: Operation<UpdateCartArgs, Cart> = {
  method: 'PATCH',
  path: '/v1/store/carts/{cart_id}',
  takes: 'json',
  repeatable: true,
  token: 'cart',
};

export interface AddCartLineArgs {
  /** The cart's id. */
  cart_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
  body: CartLineInput;
}

export const addCartLine: Operation<AddCartLineArgs, Cart> = {
  method: 'POST',
  path: '/v1/store/carts/{cart_id}/lines',
  takes: 'json',
  token: 'cart',
};

export interface UpdateCartLineArgs {
  /** The cart's id. */
  cart_id: string;
  /** The line's id. */
  line_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
  body: CartLineUpdate;
}

export const updateCartLine: Operation<UpdateCartLineArgs, Cart> = {
  method: 'PATCH',
  path: '/v1/store/carts/{cart_id}/lines/{line_id}',
  takes: 'json',
  repeatable: true,
  token: 'cart',
};

export interface RemoveCartLineArgs {
  /** The cart's id. */
  cart_id: string;
  /** The line's id. */
  line_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
}

export const removeCartLine: Operation<RemoveCartLineArgs, Cart> = {
  method: 'DELETE',
  path: '/v1/store/carts/{cart_id}/lines/{line_id}',
  token: 'cart',
};

export interface AddCartCodeArgs {
  /** The cart's id. */
  cart_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
  body: CartCodeInput;
}

export const addCartCode: Operation<AddCartCodeArgs, Cart> = {
  method: 'POST',
  path: '/v1/store/carts/{cart_id}/codes',
  takes: 'json',
  repeatable: true,
  token: 'cart',
};

export interface RemoveCartCodeArgs {
  /** The cart's id. */
  cart_id: string;
  /** The name of the code. */
  code: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
}

export const removeCartCode: Operation<RemoveCartCodeArgs, Cart> = {
  method: 'DELETE',
  path: '/v1/store/carts/{cart_id}/codes/{code}',
  repeatable: true,
  token: 'cart',
};

export interface ListCartShippingMethodsArgs {
  /** The cart's id. */
  cart_id: string;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
}

export const listCartShippingMethods: Operation<
  ListCartShippingMethodsArgs,
  CartShippingMethods
> = {
  method: 'GET',
  path: '/v1/store/carts/{cart_id}/shipping-methods',
  repeatable: true,
  token: 'cart',
};

export interface CompleteCartArgs {
  /** The cart's id. */
  cart_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  /** From the client’s tokens when left out. */
  cart_token?: string | undefined;
  body: CartCompletion;
}

export const completeCart: Operation<CompleteCartArgs, OrderPlaced> = {
  method: 'POST',
  path: '/v1/store/carts/{cart_id}/complete',
  takes: 'json',
  keyed: true,
  repeatable: true,
  token: 'cart',
  keeps: 'order',
};

export interface GetOrderArgs {
  /** The order's id. */
  order_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
  /** From the client’s tokens when left out. */
  order_token?: string | undefined;
}

export const getOrder: Operation<GetOrderArgs, Order> = {
  method: 'GET',
  path: '/v1/store/orders/{order_id}',
  repeatable: true,
  token: 'order',
};

export interface ListMyOrdersArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listMyOrders: Operation<ListMyOrdersArgs, OrderSummaryPage> = {
  method: 'GET',
  path: '/v1/store/customers/me/orders',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface RetryPaymentArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  /** From the client’s tokens when left out. */
  order_token?: string | undefined;
  body: OrderPaymentInput;
}

export const retryPayment: Operation<RetryPaymentArgs, Order> = {
  method: 'POST',
  path: '/v1/store/orders/{order_id}/payments',
  takes: 'json',
  keyed: true,
  repeatable: true,
  token: 'order',
};

export interface CancelMyOrderArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  /** From the client’s tokens when left out. */
  order_token?: string | undefined;
  body?: OrderCancellation | undefined;
}

export const cancelMyOrder: Operation<CancelMyOrderArgs, Order> = {
  method: 'POST',
  path: '/v1/store/orders/{order_id}/cancel',
  takes: 'json',
  keyed: true,
  repeatable: true,
  token: 'order',
};

export interface GetOrderReceiptArgs {
  /** The order's id. */
  order_id: string;
  /** From the client’s tokens when left out. */
  order_token?: string | undefined;
}

export const getOrderReceipt: Operation<GetOrderReceiptArgs, ReceiptFile> = {
  method: 'GET',
  path: '/v1/store/orders/{order_id}/receipt',
  repeatable: true,
  token: 'order',
};

/** What a storefront can ask for. */
export class StoreClient extends Client {
  /**
   * Read the shop
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, overloaded, shop_unknown, unauthorised,
   * unavailable.
   */
  getShop(options?: CallOptions): Promise<Shop> {
    return this.call(getShop, {}, options);
  }

  /**
   * List the keys receipts are signed with
   *
   * The newest first: it signs. The others verify older receipts.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, overloaded, shop_unknown, unauthorised,
   * unavailable.
   */
  listReceiptKeys(options?: CallOptions): Promise<ReceiptKeyPage> {
    return this.call(listReceiptKeys, {}, options);
  }

  /**
   * Open an account
   *
   * Signs in as well. Orders placed before as a guest with the same e-mail address stay with their
   * order tokens: the address alone proves nothing.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, deadline_exceeded, email_taken, internal, invalid_request,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, sign_in_overloaded, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createCustomer(args: CreateCustomerArgs, options?: CallOptions): Promise<CustomerSession> {
    return this.call(createCustomer, args, options);
  }

  /**
   * Sign in
   *
   * The session lasts 30 days. Failed attempts are slowed down by e-mail address and by network
   * address; Retry-After says when the next is heard.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: bad_credentials, body_too_large, deadline_exceeded, internal, invalid_request,
   * login_throttled, outcome_unknown, overloaded, rate_limited, shop_unknown, sign_in_overloaded,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createCustomerSession(
    args: CreateCustomerSessionArgs,
    options?: CallOptions,
  ): Promise<CustomerSession> {
    return this.call(createCustomerSession, args, options);
  }

  /**
   * Sign out
   *
   * A signed-in customer.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteCustomerSession(options?: CallOptions): Promise<null> {
    return this.call(deleteCustomerSession, {}, options);
  }

  /**
   * Read the own account
   *
   * A signed-in customer.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getCurrentCustomer(options?: CallOptions): Promise<Customer> {
    return this.call(getCurrentCustomer, {}, options);
  }

  /**
   * Change the own account
   *
   * A new e-mail address or password needs `current_password`. A new password signs every other
   * session out.
   *
   * A signed-in customer.
   *
   * Problems: bad_credentials, body_too_large, deadline_exceeded, email_taken, forbidden, internal,
   * invalid_request, login_throttled, not_found, outcome_unknown, overloaded, rate_limited,
   * shop_unknown, sign_in_overloaded, unauthorised, unavailable, unsupported_media_type.
   */
  updateCurrentCustomer(args: UpdateCurrentCustomerArgs, options?: CallOptions): Promise<Customer> {
    return this.call(updateCurrentCustomer, args, options);
  }

  /**
   * List the own addresses
   *
   * A signed-in customer.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listCustomerAddresses(options?: CallOptions): Promise<CustomerAddressPage> {
    return this.call(listCustomerAddresses, {}, options);
  }

  /**
   * Keep an address
   *
   * A signed-in customer.
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, too_many_addresses, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createCustomerAddress(
    args: CreateCustomerAddressArgs,
    options?: CallOptions,
  ): Promise<CustomerAddress> {
    return this.call(createCustomerAddress, args, options);
  }

  /**
   * Change an address
   *
   * A signed-in customer.
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised, unavailable,
   * unsupported_media_type, version_conflict.
   */
  updateCustomerAddress(
    args: UpdateCustomerAddressArgs,
    options?: CallOptions,
  ): Promise<CustomerAddress> {
    return this.call(updateCustomerAddress, args, options);
  }

  /**
   * Forget an address
   *
   * A signed-in customer.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteCustomerAddress(args: DeleteCustomerAddressArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteCustomerAddress, args, options);
  }

  /**
   * List products
   *
   * Without `sort`, the newest first; a collection in the order its merchant gave it.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listProducts(args: ListProductsArgs = {}, options?: CallOptions): Promise<ProductSummaryPage> {
    return this.call(listProducts, args, options);
  }

  /**
   * Read a product by id or handle
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getProduct(args: GetProductArgs, options?: CallOptions): Promise<Product> {
    return this.call(getProduct, args, options);
  }

  /**
   * List what is bought together with a product
   *
   * The most often first, and only what can be bought now; one page.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listRecommendations(
    args: ListRecommendationsArgs,
    options?: CallOptions,
  ): Promise<ProductSummaryPage> {
    return this.call(listRecommendations, args, options);
  }

  /**
   * Search products
   *
   * Best match first, accents and case aside; the last word also matches as a beginning. When no
   * product has all the words, products with any of them.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, overloaded, shop_unknown, unauthorised,
   * unavailable.
   */
  searchProducts(args: SearchProductsArgs, options?: CallOptions): Promise<ProductSummaryPage> {
    return this.call(searchProducts, args, options);
  }

  /**
   * List collections
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, overloaded, shop_unknown, unauthorised,
   * unavailable.
   */
  listCollections(args: ListCollectionsArgs = {}, options?: CallOptions): Promise<CollectionPage> {
    return this.call(listCollections, args, options);
  }

  /**
   * Read a collection by id or handle
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getCollection(args: GetCollectionArgs, options?: CallOptions): Promise<Collection> {
    return this.call(getCollection, args, options);
  }

  /**
   * Start a cart
   *
   * The answer carries `token`, once: whoever sends it as X-Cart-Token may use the cart. A
   * signed-in customer's cart belongs to the customer as well.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_limit, deadline_exceeded, internal, invalid_request,
   * not_sold_there, outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised,
   * unavailable, unsupported_media_type, variant_unavailable.
   */
  createCart(args: CreateCartArgs = {}, options?: CallOptions): Promise<CartCreated> {
    return this.call(createCart, args, options);
  }

  /**
   * Read a cart
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getCart(args: GetCartArgs, options?: CallOptions): Promise<Cart> {
    return this.call(getCart, args, options);
  }

  /**
   * Set e-mail, addresses, currency or shipping method
   *
   * Members that are left out stay as they are; null clears one.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_completed, deadline_exceeded, internal, invalid_request,
   * not_found, not_sold_there, outcome_unknown, overloaded, rate_limited,
   * shipping_method_unavailable, shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  updateCart(args: UpdateCartArgs, options?: CallOptions): Promise<Cart> {
    return this.call(updateCart, args, options);
  }

  /**
   * Put a variant into the cart
   *
   * A variant that is in the cart already gets more units.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_completed, cart_limit, deadline_exceeded, internal,
   * invalid_request, not_found, outcome_unknown, overloaded, rate_limited, shop_unknown,
   * unauthorised, unavailable, unsupported_media_type, variant_unavailable.
   */
  addCartLine(args: AddCartLineArgs, options?: CallOptions): Promise<Cart> {
    return this.call(addCartLine, args, options);
  }

  /**
   * Set the quantity of a line
   *
   * Zero removes the line.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_completed, deadline_exceeded, internal, invalid_request,
   * not_found, outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised, unavailable,
   * unsupported_media_type.
   */
  updateCartLine(args: UpdateCartLineArgs, options?: CallOptions): Promise<Cart> {
    return this.call(updateCartLine, args, options);
  }

  /**
   * Take a line out of the cart
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: cart_completed, deadline_exceeded, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  removeCartLine(args: RemoveCartLineArgs, options?: CallOptions): Promise<Cart> {
    return this.call(removeCartLine, args, options);
  }

  /**
   * Enter a promotion's code
   *
   * Capital and small letters are the same. The cart's `codes` say whether it takes something off,
   * or what stands in its way.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_completed, cart_limit, code_throttled, code_unknown,
   * deadline_exceeded, internal, invalid_request, not_found, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  addCartCode(args: AddCartCodeArgs, options?: CallOptions): Promise<Cart> {
    return this.call(addCartCode, args, options);
  }

  /**
   * Take a code off the cart
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: cart_completed, deadline_exceeded, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  removeCartCode(args: RemoveCartCodeArgs, options?: CallOptions): Promise<Cart> {
    return this.call(removeCartCode, args, options);
  }

  /**
   * What can carry the cart to its address, with prices
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded,
   * shipping_address_missing, shop_unknown, unauthorised, unavailable.
   */
  listCartShippingMethods(
    args: ListCartShippingMethodsArgs,
    options?: CallOptions,
  ): Promise<CartShippingMethods> {
    return this.call(listCartShippingMethods, args, options);
  }

  /**
   * Make the cart an order
   *
   * All or nothing, and once: the stock is held, the order and its ledger entries are written and
   * the payment is set going in one transaction. Sending it again with the same key gives the first
   * answer; completing a completed cart with another key gives the order it became (200). The
   * payment goes on after the answer: follow the order.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, cart_changed, cart_incomplete, cart_limit, deadline_exceeded,
   * idempotency_key_missing, idempotency_key_reused, internal, invalid_request, not_found,
   * order_refused, out_of_stock, outcome_unknown, overloaded, payment_provider_unavailable,
   * price_changed, rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type,
   * variant_unavailable.
   */
  completeCart(args: CompleteCartArgs, options?: CallOptions): Promise<OrderPlaced> {
    return this.call(completeCart, args, options);
  }

  /**
   * Follow an order
   *
   * For whoever placed it: the signed-in customer, or the holder of X-Order-Token. With
   * If-None-Match the answer is 304 while nothing changed, so it may be asked every second.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getOrder(args: GetOrderArgs, options?: CallOptions): Promise<Order> {
    return this.call(getOrder, args, options);
  }

  /**
   * The signed-in customer's orders, newest first
   *
   * A signed-in customer.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listMyOrders(args: ListMyOrdersArgs = {}, options?: CallOptions): Promise<OrderSummaryPage> {
    return this.call(listMyOrders, args, options);
  }

  /**
   * Pay again after a decline
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, deadline_exceeded, idempotency_key_missing, idempotency_key_reused,
   * internal, invalid_request, not_found, order_changed, order_state, outcome_unknown, overloaded,
   * payment_provider_unavailable, rate_limited, shop_unknown, unauthorised, unavailable,
   * unsupported_media_type.
   */
  retryPayment(args: RetryPaymentArgs, options?: CallOptions): Promise<Order> {
    return this.call(retryPayment, args, options);
  }

  /**
   * Cancel an order of which nothing has left yet
   *
   * What was paid is refunded; what was held is on sale again.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: body_too_large, deadline_exceeded, idempotency_key_missing, idempotency_key_reused,
   * internal, invalid_request, not_found, order_changed, order_state, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  cancelMyOrder(args: CancelMyOrderArgs, options?: CallOptions): Promise<Order> {
    return this.call(cancelMyOrder, args, options);
  }

  /**
   * The signed receipt, to keep
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: deadline_exceeded, internal, invalid_request, not_found, overloaded,
   * receipt_not_ready, shop_unknown, unauthorised, unavailable.
   */
  getOrderReceipt(args: GetOrderReceiptArgs, options?: CallOptions): Promise<ReceiptFile> {
    return this.call(getOrderReceipt, args, options);
  }
}
