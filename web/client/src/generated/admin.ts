// Made by generate.mjs from /openapi.json. Change the API, not this file.

import { Client, type CallOptions, type Operation } from '../client.js';
import type {
  AdminCollection,
  AdminCollectionPage,
  AdminCustomer,
  AdminCustomerDetail,
  AdminCustomerPage,
  AdminCustomerUpdate,
  AdminOrder,
  AdminProduct,
  AdminProductSummaryPage,
  AdminShop,
  ApiKeyCreated,
  ApiKeyInput,
  ApiKeyPage,
  CollectionInput,
  CollectionUpdate,
  EventPage,
  FulfilmentInput,
  Function,
  FunctionInput,
  FunctionPage,
  FunctionReport,
  FunctionRunPage,
  FunctionSource,
  FunctionTest,
  FunctionUpdate,
  FunctionVersion,
  FunctionVersionInput,
  FunctionVersionPage,
  HeldOrderPage,
  Host,
  HostInput,
  HostPage,
  ImageInput,
  ImageUpdate,
  Import,
  ImportPage,
  LedgerBalances,
  LedgerTransferPage,
  Location,
  LocationInput,
  LocationList,
  LocationUpdate,
  Me,
  Order,
  OrderCancellation,
  OrderSummaryPage,
  PaymentProvider,
  PaymentProviderPage,
  PaymentProviderUpdate,
  ProductInput,
  ProductUpdate,
  ReceiptChainEntryPage,
  RefundInput,
  SalesReport,
  ShippingZone,
  ShippingZoneInput,
  ShippingZoneList,
  ShopUpdate,
  SignIn,
  StaffInput,
  StaffMember,
  StaffMemberPage,
  StaffSession,
  StaffUpdate,
  StockAdjustment,
  StockLevelList,
  StockLevelPage,
  StockMovementPage,
  StockMovementReceipt,
  StockTransfer,
  TaxClass,
  TaxClassInput,
  TaxClassList,
  TaxRate,
  TaxRateInput,
  TaxRateList,
  VariantInput,
  VariantUpdate,
} from './schemas.js';

export interface GetShopSettingsArgs {
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getShopSettings: Operation<GetShopSettingsArgs, AdminShop> = {
  method: 'GET',
  path: '/v1/admin/shop',
  repeatable: true,
};

export interface UpdateShopSettingsArgs {
  /** The `version` that was read. */
  if_match: number | string;
  body: ShopUpdate;
}

export const updateShopSettings: Operation<UpdateShopSettingsArgs, AdminShop> = {
  method: 'PATCH',
  path: '/v1/admin/shop',
  takes: 'json',
};

export const listHosts: Operation<object, HostPage> = {
  method: 'GET',
  path: '/v1/admin/hosts',
  repeatable: true,
};

export interface CreateHostArgs {
  body: HostInput;
}

export const createHost: Operation<CreateHostArgs, Host> = {
  method: 'POST',
  path: '/v1/admin/hosts',
  takes: 'json',
};

export interface DeleteHostArgs {
  /** The name of the host. */
  host: string;
}

export const deleteHost: Operation<DeleteHostArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/hosts/{host}',
};

export interface CreateStaffSessionArgs {
  body: SignIn;
}

export const createStaffSession: Operation<CreateStaffSessionArgs, StaffSession> = {
  method: 'POST',
  path: '/v1/admin/sessions',
  takes: 'json',
  keeps: 'session',
};

export const deleteStaffSession: Operation<object, null> = {
  method: 'DELETE',
  path: '/v1/admin/sessions/current',
  drops: 'session',
};

export const getMe: Operation<object, Me> = {
  method: 'GET',
  path: '/v1/admin/me',
  repeatable: true,
};

export interface ListStaffArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listStaff: Operation<ListStaffArgs, StaffMemberPage> = {
  method: 'GET',
  path: '/v1/admin/staff',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface CreateStaffArgs {
  body: StaffInput;
}

export const createStaff: Operation<CreateStaffArgs, StaffMember> = {
  method: 'POST',
  path: '/v1/admin/staff',
  takes: 'json',
};

export interface GetStaffArgs {
  /** The staff's id. */
  staff_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getStaff: Operation<GetStaffArgs, StaffMember> = {
  method: 'GET',
  path: '/v1/admin/staff/{staff_id}',
  repeatable: true,
};

export interface UpdateStaffArgs {
  /** The staff's id. */
  staff_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: StaffUpdate;
}

export const updateStaff: Operation<UpdateStaffArgs, StaffMember> = {
  method: 'PATCH',
  path: '/v1/admin/staff/{staff_id}',
  takes: 'json',
};

export interface ListApiKeysArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listApiKeys: Operation<ListApiKeysArgs, ApiKeyPage> = {
  method: 'GET',
  path: '/v1/admin/api-keys',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface CreateApiKeyArgs {
  body: ApiKeyInput;
}

export const createApiKey: Operation<CreateApiKeyArgs, ApiKeyCreated> = {
  method: 'POST',
  path: '/v1/admin/api-keys',
  takes: 'json',
};

export interface DeleteApiKeyArgs {
  /** The key's id. */
  key_id: string;
}

export const deleteApiKey: Operation<DeleteApiKeyArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/api-keys/{key_id}',
};

export interface ListCustomersArgs {
  /** Part of the e-mail address or of the name. */
  q?: string | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listCustomers: Operation<ListCustomersArgs, AdminCustomerPage> = {
  method: 'GET',
  path: '/v1/admin/customers',
  query: ['q', 'limit', 'cursor'],
  repeatable: true,
};

export interface GetCustomerArgs {
  /** The customer's id. */
  customer_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getCustomer: Operation<GetCustomerArgs, AdminCustomerDetail> = {
  method: 'GET',
  path: '/v1/admin/customers/{customer_id}',
  repeatable: true,
};

export interface UpdateCustomerArgs {
  /** The customer's id. */
  customer_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: AdminCustomerUpdate;
}

export const updateCustomer: Operation<UpdateCustomerArgs, AdminCustomer> = {
  method: 'PATCH',
  path: '/v1/admin/customers/{customer_id}',
  takes: 'json',
};

export interface EraseCustomerArgs {
  /** The customer's id. */
  customer_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const eraseCustomer: Operation<EraseCustomerArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/customers/{customer_id}',
};

export const listTaxClasses: Operation<object, TaxClassList> = {
  method: 'GET',
  path: '/v1/admin/tax-classes',
  repeatable: true,
};

export interface CreateTaxClassArgs {
  body: TaxClassInput;
}

export const createTaxClass: Operation<CreateTaxClassArgs, TaxClass> = {
  method: 'POST',
  path: '/v1/admin/tax-classes',
  takes: 'json',
};

export interface DeleteTaxClassArgs {
  /** The tax class's id. */
  tax_class_id: string;
}

export const deleteTaxClass: Operation<DeleteTaxClassArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/tax-classes/{tax_class_id}',
};

export const listTaxRates: Operation<object, TaxRateList> = {
  method: 'GET',
  path: '/v1/admin/tax-rates',
  repeatable: true,
};

export interface CreateTaxRateArgs {
  body: TaxRateInput;
}

export const createTaxRate: Operation<CreateTaxRateArgs, TaxRate> = {
  method: 'POST',
  path: '/v1/admin/tax-rates',
  takes: 'json',
};

export interface DeleteTaxRateArgs {
  /** The rate's id. */
  rate_id: string;
}

export const deleteTaxRate: Operation<DeleteTaxRateArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/tax-rates/{rate_id}',
};

export const listShippingZones: Operation<object, ShippingZoneList> = {
  method: 'GET',
  path: '/v1/admin/shipping-zones',
  repeatable: true,
};

export interface CreateShippingZoneArgs {
  body: ShippingZoneInput;
}

export const createShippingZone: Operation<CreateShippingZoneArgs, ShippingZone> = {
  method: 'POST',
  path: '/v1/admin/shipping-zones',
  takes: 'json',
};

export interface GetShippingZoneArgs {
  /** The zone's id. */
  zone_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getShippingZone: Operation<GetShippingZoneArgs, ShippingZone> = {
  method: 'GET',
  path: '/v1/admin/shipping-zones/{zone_id}',
  repeatable: true,
};

export interface ReplaceShippingZoneArgs {
  /** The zone's id. */
  zone_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: ShippingZoneInput;
}

export const replaceShippingZone: Operation<ReplaceShippingZoneArgs, ShippingZone> = {
  method: 'PUT',
  path: '/v1/admin/shipping-zones/{zone_id}',
  takes: 'json',
  repeatable: true,
};

export interface DeleteShippingZoneArgs {
  /** The zone's id. */
  zone_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const deleteShippingZone: Operation<DeleteShippingZoneArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/shipping-zones/{zone_id}',
};

export interface AdminListProductsArgs {
  /** Only products of this status. Not with `q`. */
  status?: 'draft' | 'published' | 'archived' | undefined;
  /** Words in title, description, tags, SKUs, … */
  q?: string | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const adminListProducts: Operation<AdminListProductsArgs, AdminProductSummaryPage> = {
  method: 'GET',
  path: '/v1/admin/products',
  query: ['status', 'q', 'limit', 'cursor'],
  repeatable: true,
};

export interface CreateProductArgs {
  body: ProductInput;
}

export const createProduct: Operation<CreateProductArgs, AdminProduct> = {
  method: 'POST',
  path: '/v1/admin/products',
  takes: 'json',
};

export interface AdminGetProductArgs {
  /** The product's id. */
  product_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const adminGetProduct: Operation<AdminGetProductArgs, AdminProduct> = {
  method: 'GET',
  path: '/v1/admin/products/{product_id}',
  repeatable: true,
};

export interface UpdateProductArgs {
  /** The product's id. */
  product_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: ProductUpdate;
}

export const updateProduct: Operation<UpdateProductArgs, AdminProduct> = {
  method: 'PATCH',
  path: '/v1/admin/products/{product_id}',
  takes: 'json',
};

export interface ArchiveProductArgs {
  /** The product's id. */
  product_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const archiveProduct: Operation<ArchiveProductArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/products/{product_id}',
};

export interface CreateVariantArgs {
  /** The product's id. */
  product_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: VariantInput;
}

export const createVariant: Operation<CreateVariantArgs, AdminProduct> = {
  method: 'POST',
  path: '/v1/admin/products/{product_id}/variants',
  takes: 'json',
};

export interface UpdateVariantArgs {
  /** The product's id. */
  product_id: string;
  /** The variant's id. */
  variant_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: VariantUpdate;
}

export const updateVariant: Operation<UpdateVariantArgs, AdminProduct> = {
  method: 'PATCH',
  path: '/v1/admin/products/{product_id}/variants/{variant_id}',
  takes: 'json',
};

export interface DeleteVariantArgs {
  /** The product's id. */
  product_id: string;
  /** The variant's id. */
  variant_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const deleteVariant: Operation<DeleteVariantArgs, AdminProduct> = {
  method: 'DELETE',
  path: '/v1/admin/products/{product_id}/variants/{variant_id}',
};

export interface CreateImageArgs {
  /** The product's id. */
  product_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: ImageInput;
}

export const createImage: Operation<CreateImageArgs, AdminProduct> = {
  method: 'POST',
  path: '/v1/admin/products/{product_id}/images',
  takes: 'json',
};

export interface UpdateImageArgs {
  /** The product's id. */
  product_id: string;
  /** The image's id. */
  image_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: ImageUpdate;
}

export const updateImage: Operation<UpdateImageArgs, AdminProduct> = {
  method: 'PATCH',
  path: '/v1/admin/products/{product_id}/images/{image_id}',
  takes: 'json',
};

export interface DeleteImageArgs {
  /** The product's id. */
  product_id: string;
  /** The image's id. */
  image_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const deleteImage: Operation<DeleteImageArgs, AdminProduct> = {
  method: 'DELETE',
  path: '/v1/admin/products/{product_id}/images/{image_id}',
};

export interface AdminListCollectionsArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const adminListCollections: Operation<AdminListCollectionsArgs, AdminCollectionPage> = {
  method: 'GET',
  path: '/v1/admin/collections',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface CreateCollectionArgs {
  body: CollectionInput;
}

export const createCollection: Operation<CreateCollectionArgs, AdminCollection> = {
  method: 'POST',
  path: '/v1/admin/collections',
  takes: 'json',
};

export interface AdminGetCollectionArgs {
  /** The collection's id. */
  collection_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const adminGetCollection: Operation<AdminGetCollectionArgs, AdminCollection> = {
  method: 'GET',
  path: '/v1/admin/collections/{collection_id}',
  repeatable: true,
};

export interface UpdateCollectionArgs {
  /** The collection's id. */
  collection_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: CollectionUpdate;
}

export const updateCollection: Operation<UpdateCollectionArgs, AdminCollection> = {
  method: 'PATCH',
  path: '/v1/admin/collections/{collection_id}',
  takes: 'json',
};

export interface DeleteCollectionArgs {
  /** The collection's id. */
  collection_id: string;
  /** The `version` that was read. */
  if_match: number | string;
}

export const deleteCollection: Operation<DeleteCollectionArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/collections/{collection_id}',
};

export interface PutCollectionProductArgs {
  /** The collection's id. */
  collection_id: string;
  /** The product's id. */
  product_id: string;
  /** Lower comes first. */
  position?: number | undefined;
}

export const putCollectionProduct: Operation<PutCollectionProductArgs, null> = {
  method: 'PUT',
  path: '/v1/admin/collections/{collection_id}/products/{product_id}',
  query: ['position'],
  repeatable: true,
};

export interface DeleteCollectionProductArgs {
  /** The collection's id. */
  collection_id: string;
  /** The product's id. */
  product_id: string;
}

export const deleteCollectionProduct: Operation<DeleteCollectionProductArgs, null> = {
  method: 'DELETE',
  path: '/v1/admin/collections/{collection_id}/products/{product_id}',
};

export const listLocations: Operation<object, LocationList> = {
  method: 'GET',
  path: '/v1/admin/locations',
  repeatable: true,
};

export interface CreateLocationArgs {
  body: LocationInput;
}

export const createLocation: Operation<CreateLocationArgs, Location> = {
  method: 'POST',
  path: '/v1/admin/locations',
  takes: 'json',
};

export interface UpdateLocationArgs {
  /** The location's id. */
  location_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: LocationUpdate;
}

export const updateLocation: Operation<UpdateLocationArgs, Location> = {
  method: 'PATCH',
  path: '/v1/admin/locations/{location_id}',
  takes: 'json',
};

export interface ListStockLevelsArgs {
  /** Only items of this SKU. */
  sku?: string | undefined;
  /** Only this location. */
  location_id?: string | undefined;
  /** Only this item. */
  item_id?: string | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listStockLevels: Operation<ListStockLevelsArgs, StockLevelPage> = {
  method: 'GET',
  path: '/v1/admin/inventory',
  query: ['sku', 'location_id', 'item_id', 'limit', 'cursor'],
  repeatable: true,
};

export interface GetStockLevelsArgs {
  /** The item's id. */
  item_id: string;
}

export const getStockLevels: Operation<GetStockLevelsArgs, StockLevelList> = {
  method: 'GET',
  path: '/v1/admin/inventory/{item_id}',
  repeatable: true,
};

export interface AdjustStockArgs {
  /** The item's id. */
  item_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body: StockAdjustment;
}

export const adjustStock: Operation<AdjustStockArgs, StockMovementReceipt> = {
  method: 'POST',
  path: '/v1/admin/inventory/{item_id}/adjustments',
  takes: 'json',
  keyed: true,
  repeatable: true,
};

export interface TransferStockArgs {
  /** The item's id. */
  item_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body: StockTransfer;
}

export const transferStock: Operation<TransferStockArgs, StockMovementReceipt> = {
  method: 'POST',
  path: '/v1/admin/inventory/{item_id}/transfers',
  takes: 'json',
  keyed: true,
  repeatable: true,
};

export interface ListStockMovementsArgs {
  /** The item's id. */
  item_id: string;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listStockMovements: Operation<ListStockMovementsArgs, StockMovementPage> = {
  method: 'GET',
  path: '/v1/admin/inventory/{item_id}/movements',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface ListOrdersArgs {
  /** Only orders in this state. */
  status?: 'placed' | 'completed' | 'cancelled' | undefined;
  /** Only orders whose payment is in this state. */
  payment_status?: 'pending' | 'requires_action' | 'paid' | 'declined' | 'partially_refunded' | 'refunded' | 'voided' | undefined;
  /** Only orders whose fulfilment is in this state. */
  fulfilment_status?: 'unfulfilled' | 'partially_fulfilled' | 'fulfilled' | undefined;
  /** Only this customer's. */
  customer_id?: string | undefined;
  /** The beginning of an order number or of an e-mail address. */
  q?: string | undefined;
  /** Only orders placed after this time (milliseconds since 1970 UTC). */
  placed_after?: number | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listOrders: Operation<ListOrdersArgs, OrderSummaryPage> = {
  method: 'GET',
  path: '/v1/admin/orders',
  query: ['status', 'payment_status', 'fulfilment_status', 'customer_id', 'q', 'placed_after', 'limit', 'cursor'],
  repeatable: true,
};

export interface GetAdminOrderArgs {
  /** The order's id. */
  order_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getAdminOrder: Operation<GetAdminOrderArgs, AdminOrder> = {
  method: 'GET',
  path: '/v1/admin/orders/{order_id}',
  repeatable: true,
};

export interface CancelOrderArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body?: OrderCancellation | undefined;
}

export const cancelOrder: Operation<CancelOrderArgs, Order> = {
  method: 'POST',
  path: '/v1/admin/orders/{order_id}/cancel',
  takes: 'json',
  keyed: true,
  repeatable: true,
};

export interface CreateFulfilmentArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body?: FulfilmentInput | undefined;
}

export const createFulfilment: Operation<CreateFulfilmentArgs, Order> = {
  method: 'POST',
  path: '/v1/admin/orders/{order_id}/fulfilments',
  takes: 'json',
  keyed: true,
  repeatable: true,
};

export interface CreateRefundArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body?: RefundInput | undefined;
}

export const createRefund: Operation<CreateRefundArgs, Order> = {
  method: 'POST',
  path: '/v1/admin/orders/{order_id}/refunds',
  takes: 'json',
  keyed: true,
  repeatable: true,
};

export const listLedgerBalances: Operation<object, LedgerBalances> = {
  method: 'GET',
  path: '/v1/admin/ledger/balances',
  repeatable: true,
};

export interface ListLedgerTransfersArgs {
  /** Only entries of this order. */
  order_id?: string | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listLedgerTransfers: Operation<ListLedgerTransfersArgs, LedgerTransferPage> = {
  method: 'GET',
  path: '/v1/admin/ledger/transfers',
  query: ['order_id', 'limit', 'cursor'],
  repeatable: true,
};

export interface ListReceiptsArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listReceipts: Operation<ListReceiptsArgs, ReceiptChainEntryPage> = {
  method: 'GET',
  path: '/v1/admin/receipts',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface GetSalesArgs {
  /** The beginning (milliseconds since 1970 UTC). */
  from: number;
  /** The end, not included (milliseconds since 1970 UTC). */
  until: number;
  /** How long a slot is; the first begins at `from`. An hour when left out. */
  interval?: 'hour' | 'day' | undefined;
}

export const getSales: Operation<GetSalesArgs, SalesReport> = {
  method: 'GET',
  path: '/v1/admin/sales',
  query: ['from', 'until', 'interval'],
  repeatable: true,
};

export const listPaymentProviders: Operation<object, PaymentProviderPage> = {
  method: 'GET',
  path: '/v1/admin/payment-providers',
  repeatable: true,
};

export interface GetPaymentProviderArgs {
  /** The name of the provider. */
  provider: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getPaymentProvider: Operation<GetPaymentProviderArgs, PaymentProvider> = {
  method: 'GET',
  path: '/v1/admin/payment-providers/{provider}',
  repeatable: true,
};

export interface UpdatePaymentProviderArgs {
  /** The name of the provider. */
  provider: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: PaymentProviderUpdate;
}

export const updatePaymentProvider: Operation<UpdatePaymentProviderArgs, PaymentProvider> = {
  method: 'PATCH',
  path: '/v1/admin/payment-providers/{provider}',
  takes: 'json',
};

export interface ListEventsArgs {
  /** Only events after this position. */
  after?: number | undefined;
  /** At most this many. */
  limit?: number | undefined;
  /** Only these types, separated by commas. */
  types?: string | undefined;
}

export const listEvents: Operation<ListEventsArgs, EventPage> = {
  method: 'GET',
  path: '/v1/events',
  query: ['after', 'limit', 'types'],
  repeatable: true,
};

export const listFunctions: Operation<object, FunctionPage> = {
  method: 'GET',
  path: '/v1/admin/functions',
  repeatable: true,
};

export interface CreateFunctionArgs {
  body: FunctionInput;
}

export const createFunction: Operation<CreateFunctionArgs, Function> = {
  method: 'POST',
  path: '/v1/admin/functions',
  takes: 'json',
};

export interface GetFunctionArgs {
  /** The function's id. */
  function_id: string;
  /** An ETag; `send` answers 304 while it is current. */
  if_none_match?: string | undefined;
}

export const getFunction: Operation<GetFunctionArgs, Function> = {
  method: 'GET',
  path: '/v1/admin/functions/{function_id}',
  repeatable: true,
};

export interface UpdateFunctionArgs {
  /** The function's id. */
  function_id: string;
  /** The `version` that was read. */
  if_match: number | string;
  body: FunctionUpdate;
}

export const updateFunction: Operation<UpdateFunctionArgs, Function> = {
  method: 'PATCH',
  path: '/v1/admin/functions/{function_id}',
  takes: 'json',
};

export interface TestFunctionArgs {
  /** The function's id. */
  function_id: string;
  body: FunctionTest;
}

export const testFunction: Operation<TestFunctionArgs, FunctionReport> = {
  method: 'POST',
  path: '/v1/admin/functions/{function_id}/test',
  takes: 'json',
};

export interface ListFunctionVersionsArgs {
  /** The function's id. */
  function_id: string;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listFunctionVersions: Operation<ListFunctionVersionsArgs, FunctionVersionPage> = {
  method: 'GET',
  path: '/v1/admin/functions/{function_id}/versions',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface CreateFunctionVersionArgs {
  /** The function's id. */
  function_id: string;
  body: FunctionVersionInput;
}

export const createFunctionVersion: Operation<CreateFunctionVersionArgs, FunctionVersion> = {
  method: 'POST',
  path: '/v1/admin/functions/{function_id}/versions',
  takes: 'json',
};

export interface GetFunctionVersionArgs {
  /** The function's id. */
  function_id: string;
  /** The name of the number. */
  number: string;
}

export const getFunctionVersion: Operation<GetFunctionVersionArgs, FunctionSource> = {
  method: 'GET',
  path: '/v1/admin/functions/{function_id}/versions/{number}',
  repeatable: true,
};

export interface ListFunctionRunsArgs {
  /** The function's id. */
  function_id: string;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listFunctionRuns: Operation<ListFunctionRunsArgs, FunctionRunPage> = {
  method: 'GET',
  path: '/v1/admin/functions/{function_id}/runs',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface ListReviewsArgs {
  /** Only those; `held` unless given. */
  status?: 'held' | 'released' | 'cancelled' | undefined;
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listReviews: Operation<ListReviewsArgs, HeldOrderPage> = {
  method: 'GET',
  path: '/v1/admin/reviews',
  query: ['status', 'limit', 'cursor'],
  repeatable: true,
};

export interface ReleaseOrderArgs {
  /** The order's id. */
  order_id: string;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
}

export const releaseOrder: Operation<ReleaseOrderArgs, Order> = {
  method: 'POST',
  path: '/v1/admin/orders/{order_id}/release',
  keyed: true,
  repeatable: true,
};

export interface CreateImportArgs {
  /** Only say what would happen. */
  dry_run?: boolean | undefined;
  /** To recognise it by. */
  file_name?: string | undefined;
  /** A new one for each call when left out; give your own to repeat a call after a restart. */
  idempotency_key?: string | undefined;
  body: string;
}

export const createImport: Operation<CreateImportArgs, Import> = {
  method: 'POST',
  path: '/v1/admin/imports',
  query: ['dry_run', 'file_name'],
  takes: 'text/csv',
  keyed: true,
  repeatable: true,
};

export interface ListImportsArgs {
  /** How many items a page has at most. */
  limit?: number | undefined;
  /**
   * Where the page starts: `next_cursor` of the page before, as it is. Left out for the first page.
   */
  cursor?: string | null | undefined;
}

export const listImports: Operation<ListImportsArgs, ImportPage> = {
  method: 'GET',
  path: '/v1/admin/imports',
  query: ['limit', 'cursor'],
  repeatable: true,
};

export interface GetImportArgs {
  /** The import's id. */
  import_id: string;
}

export const getImport: Operation<GetImportArgs, Import> = {
  method: 'GET',
  path: '/v1/admin/imports/{import_id}',
  repeatable: true,
};

export interface ExportProductsArgs {
  /** Which header set to write. */
  format?: 'newer' | 'older' | undefined;
}

export const exportProducts: Operation<ExportProductsArgs, string> = {
  method: 'GET',
  path: '/v1/admin/exports/products.csv',
  query: ['format'],
  text: true,
  repeatable: true,
};

/** What a merchant can ask for. */
export class AdminClient extends Client {
  /**
   * Read the shop's settings
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getShopSettings(args: GetShopSettingsArgs = {}, options?: CallOptions): Promise<AdminShop> {
    return this.call(getShopSettings, args, options);
  }

  /**
   * Change the shop's settings
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request,
   * outcome_unknown, overloaded, precondition_required, rate_limited, shop_unknown,
   * tax_class_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateShopSettings(args: UpdateShopSettingsArgs, options?: CallOptions): Promise<AdminShop> {
    return this.call(updateShopSettings, args, options);
  }

  /**
   * List the names the shop answers under
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listHosts(options?: CallOptions): Promise<HostPage> {
    return this.call(listHosts, {}, options);
  }

  /**
   * Let the shop answer under a name
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, host_taken, internal, invalid_request,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, too_many_hosts, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createHost(args: CreateHostArgs, options?: CallOptions): Promise<Host> {
    return this.call(createHost, args, options);
  }

  /**
   * Give a name up
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteHost(args: DeleteHostArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteHost, args, options);
  }

  /**
   * Sign in as a member of staff
   *
   * The session lasts 12 hours. Failed attempts are slowed down by e-mail address and by network
   * address; Retry-After says when the next is heard.
   *
   * Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name does.
   *
   * Problems: bad_credentials, body_too_large, deadline_exceeded, internal, invalid_request,
   * login_throttled, outcome_unknown, overloaded, rate_limited, shop_unknown, sign_in_overloaded,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createStaffSession(args: CreateStaffSessionArgs, options?: CallOptions): Promise<StaffSession> {
    return this.call(createStaffSession, args, options);
  }

  /**
   * Sign out
   *
   * Refused for a secret key, which has no session.
   *
   * Staff or a secret key of the shop.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteStaffSession(options?: CallOptions): Promise<null> {
    return this.call(deleteStaffSession, {}, options);
  }

  /**
   * Who is calling
   *
   * Staff or a secret key of the shop.
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getMe(options?: CallOptions): Promise<Me> {
    return this.call(getMe, {}, options);
  }

  /**
   * List the staff, the newest first
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listStaff(args: ListStaffArgs = {}, options?: CallOptions): Promise<StaffMemberPage> {
    return this.call(listStaff, args, options);
  }

  /**
   * Add a member of staff
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: body_too_large, deadline_exceeded, email_taken, forbidden, internal, invalid_request,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, sign_in_overloaded, too_many_staff,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createStaff(args: CreateStaffArgs, options?: CallOptions): Promise<StaffMember> {
    return this.call(createStaff, args, options);
  }

  /**
   * Read a member of staff
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getStaff(args: GetStaffArgs, options?: CallOptions): Promise<StaffMember> {
    return this.call(getStaff, args, options);
  }

  /**
   * Change a member of staff
   *
   * A new password or role, and being disabled, end the member's sessions. The last owner who can
   * sign in stays one.
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, last_owner,
   * not_found, outcome_unknown, overloaded, precondition_required, rate_limited, shop_unknown,
   * sign_in_overloaded, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateStaff(args: UpdateStaffArgs, options?: CallOptions): Promise<StaffMember> {
    return this.call(updateStaff, args, options);
  }

  /**
   * List the keys, the newest first, revoked ones too
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listApiKeys(args: ListApiKeysArgs = {}, options?: CallOptions): Promise<ApiKeyPage> {
    return this.call(listApiKeys, args, options);
  }

  /**
   * Make a key
   *
   * A publishable key names the shop and may be shown to anyone; a secret key acts with its role.
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, too_many_keys, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createApiKey(args: CreateApiKeyArgs, options?: CallOptions): Promise<ApiKeyCreated> {
    return this.call(createApiKey, args, options);
  }

  /**
   * Revoke a key
   *
   * From the answer on nothing accepts it any more.
   *
   * Staff or a secret key with `staff_write` (owner).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteApiKey(args: DeleteApiKeyArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteApiKey, args, options);
  }

  /**
   * List customers, the newest first
   *
   * Staff or a secret key with `customers_read` (owner, manager, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listCustomers(args: ListCustomersArgs = {}, options?: CallOptions): Promise<AdminCustomerPage> {
    return this.call(listCustomers, args, options);
  }

  /**
   * Read a customer
   *
   * Staff or a secret key with `customers_read` (owner, manager, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getCustomer(args: GetCustomerArgs, options?: CallOptions): Promise<AdminCustomerDetail> {
    return this.call(getCustomer, args, options);
  }

  /**
   * Set a customer's name or e-mail address right
   *
   * The customer signs in with the new address from then on; orders keep the one they were placed
   * with. Passwords are the customer's own.
   *
   * Staff or a secret key with `customers_write` (owner, manager, support).
   *
   * Problems: body_too_large, deadline_exceeded, email_taken, forbidden, internal, invalid_request,
   * not_found, outcome_unknown, overloaded, precondition_required, rate_limited, shop_unknown,
   * unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateCustomer(args: UpdateCustomerArgs, options?: CallOptions): Promise<AdminCustomer> {
    return this.call(updateCustomer, args, options);
  }

  /**
   * Erase a customer
   *
   * For good: the account with its addresses and sessions goes, and so do the e-mail address and
   * the addresses of the customer's orders. What was sold, for how much and with which taxes stays,
   * with its receipts and journals. Refused while an order is neither completed nor cancelled.
   *
   * Staff or a secret key with `customers_write` (owner, manager, support).
   *
   * Problems: customer_has_open_orders, deadline_exceeded, forbidden, internal, invalid_request,
   * not_found, outcome_unknown, overloaded, precondition_required, rate_limited, shop_unknown,
   * unauthorised, unavailable, version_conflict.
   */
  eraseCustomer(args: EraseCustomerArgs, options?: CallOptions): Promise<null> {
    return this.call(eraseCustomer, args, options);
  }

  /**
   * Kinds of goods that are taxed alike
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listTaxClasses(options?: CallOptions): Promise<TaxClassList> {
    return this.call(listTaxClasses, {}, options);
  }

  /**
   * Add a tax class
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: already_there, body_too_large, deadline_exceeded, forbidden, internal,
   * invalid_request, outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createTaxClass(args: CreateTaxClassArgs, options?: CallOptions): Promise<TaxClass> {
    return this.call(createTaxClass, args, options);
  }

  /**
   * Remove a tax class that nothing uses
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, still_used, unauthorised, unavailable.
   */
  deleteTaxClass(args: DeleteTaxClassArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteTaxClass, args, options);
  }

  /**
   * What is charged where
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listTaxRates(options?: CallOptions): Promise<TaxRateList> {
    return this.call(listTaxRates, {}, options);
  }

  /**
   * Add the rate of a class in a country or province
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: already_there, body_too_large, deadline_exceeded, forbidden, internal,
   * invalid_request, outcome_unknown, overloaded, rate_limited, shop_unknown, tax_class_unknown,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createTaxRate(args: CreateTaxRateArgs, options?: CallOptions): Promise<TaxRate> {
    return this.call(createTaxRate, args, options);
  }

  /**
   * Remove a rate
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteTaxRate(args: DeleteTaxRateArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteTaxRate, args, options);
  }

  /**
   * Where the shop ships to, how, and for how much
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listShippingZones(options?: CallOptions): Promise<ShippingZoneList> {
    return this.call(listShippingZones, {}, options);
  }

  /**
   * Add a zone with its methods
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: already_there, body_too_large, deadline_exceeded, forbidden, internal,
   * invalid_request, outcome_unknown, overloaded, rate_limited, shop_unknown, tax_class_unknown,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createShippingZone(args: CreateShippingZoneArgs, options?: CallOptions): Promise<ShippingZone> {
    return this.call(createShippingZone, args, options);
  }

  /**
   * Read a zone
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getShippingZone(args: GetShippingZoneArgs, options?: CallOptions): Promise<ShippingZone> {
    return this.call(getShippingZone, args, options);
  }

  /**
   * Change a zone and its methods
   *
   * Methods that keep their id stay chosen in carts.
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: already_there, body_too_large, deadline_exceeded, forbidden, internal,
   * invalid_request, not_found, outcome_unknown, overloaded, precondition_required, rate_limited,
   * shop_unknown, tax_class_unknown, unauthorised, unavailable, unsupported_media_type,
   * version_conflict.
   */
  replaceShippingZone(args: ReplaceShippingZoneArgs, options?: CallOptions): Promise<ShippingZone> {
    return this.call(replaceShippingZone, args, options);
  }

  /**
   * Remove a zone and its methods
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, precondition_required, rate_limited, shop_unknown, unauthorised, unavailable,
   * version_conflict.
   */
  deleteShippingZone(args: DeleteShippingZoneArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteShippingZone, args, options);
  }

  /**
   * List products of every status
   *
   * The newest first; with `q`, the best match first.
   *
   * Staff or a secret key with `catalog_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  adminListProducts(
    args: AdminListProductsArgs = {},
    options?: CallOptions,
  ): Promise<AdminProductSummaryPage> {
    return this.call(adminListProducts, args, options);
  }

  /**
   * Create a product with all its parts
   *
   * Options, variants, images and collections in one body; all of it is stored, or nothing.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, handle_taken, internal,
   * invalid_request, outcome_unknown, overloaded, product_busy, product_invalid, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  createProduct(args: CreateProductArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(createProduct, args, options);
  }

  /**
   * Read a product
   *
   * Staff or a secret key with `catalog_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  adminGetProduct(args: AdminGetProductArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(adminGetProduct, args, options);
  }

  /**
   * Change a product
   *
   * Members that are left out stay as they are. `variants` and `images`, when sent, are all there
   * will be; one that carries the id of a part the product has keeps what it does not mention.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, handle_taken, internal,
   * invalid_request, not_found, outcome_unknown, overloaded, precondition_required, product_busy,
   * product_invalid, rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type,
   * version_conflict.
   */
  updateProduct(args: UpdateProductArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(updateProduct, args, options);
  }

  /**
   * Archive a product
   *
   * It is not sold any more; orders that name it keep it. Setting another status brings it back.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, precondition_required, rate_limited, shop_unknown, unauthorised, unavailable,
   * version_conflict.
   */
  archiveProduct(args: ArchiveProductArgs, options?: CallOptions): Promise<null> {
    return this.call(archiveProduct, args, options);
  }

  /**
   * Add a variant
   *
   * If-Match is the product's version, as for each of its parts.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, precondition_required, product_invalid, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  createVariant(args: CreateVariantArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(createVariant, args, options);
  }

  /**
   * Change a variant
   *
   * Members that are left out stay as they are; `prices`, when sent, are all there will be.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, precondition_required, product_invalid, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateVariant(args: UpdateVariantArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(updateVariant, args, options);
  }

  /**
   * Remove a variant
   *
   * Open carts lose their lines of it; orders keep theirs.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, last_variant, not_found,
   * outcome_unknown, overloaded, precondition_required, rate_limited, shop_unknown, unauthorised,
   * unavailable, version_conflict.
   */
  deleteVariant(args: DeleteVariantArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(deleteVariant, args, options);
  }

  /**
   * Add an image
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, precondition_required, product_invalid, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  createImage(args: CreateImageArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(createImage, args, options);
  }

  /**
   * Change or move an image
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, precondition_required, product_invalid, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateImage(args: UpdateImageArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(updateImage, args, options);
  }

  /**
   * Remove an image
   *
   * Variants that show it show none.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, precondition_required, rate_limited, shop_unknown, unauthorised, unavailable,
   * version_conflict.
   */
  deleteImage(args: DeleteImageArgs, options?: CallOptions): Promise<AdminProduct> {
    return this.call(deleteImage, args, options);
  }

  /**
   * List collections
   *
   * Staff or a secret key with `catalog_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  adminListCollections(
    args: AdminListCollectionsArgs = {},
    options?: CallOptions,
  ): Promise<AdminCollectionPage> {
    return this.call(adminListCollections, args, options);
  }

  /**
   * Create a collection
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, collection_invalid, deadline_exceeded, forbidden, handle_taken,
   * internal, invalid_request, outcome_unknown, overloaded, rate_limited, shop_unknown,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createCollection(args: CreateCollectionArgs, options?: CallOptions): Promise<AdminCollection> {
    return this.call(createCollection, args, options);
  }

  /**
   * Read a collection
   *
   * Staff or a secret key with `catalog_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  adminGetCollection(
    args: AdminGetCollectionArgs,
    options?: CallOptions,
  ): Promise<AdminCollection> {
    return this.call(adminGetCollection, args, options);
  }

  /**
   * Change a collection
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: body_too_large, collection_invalid, deadline_exceeded, forbidden, handle_taken,
   * internal, invalid_request, not_found, outcome_unknown, overloaded, precondition_required,
   * rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type,
   * version_conflict.
   */
  updateCollection(args: UpdateCollectionArgs, options?: CallOptions): Promise<AdminCollection> {
    return this.call(updateCollection, args, options);
  }

  /**
   * Delete a collection
   *
   * Its products stay.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, precondition_required, rate_limited, shop_unknown, unauthorised, unavailable,
   * version_conflict.
   */
  deleteCollection(args: DeleteCollectionArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteCollection, args, options);
  }

  /**
   * Put a product into a collection
   *
   * Behind the others, or at `position`. May be repeated.
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  putCollectionProduct(args: PutCollectionProductArgs, options?: CallOptions): Promise<null> {
    return this.call(putCollectionProduct, args, options);
  }

  /**
   * Take a product out of a collection
   *
   * Staff or a secret key with `catalog_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, outcome_unknown,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable.
   */
  deleteCollectionProduct(args: DeleteCollectionProductArgs, options?: CallOptions): Promise<null> {
    return this.call(deleteCollectionProduct, args, options);
  }

  /**
   * Where stock is kept, first choice first
   *
   * Staff or a secret key with `inventory_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listLocations(options?: CallOptions): Promise<LocationList> {
    return this.call(listLocations, {}, options);
  }

  /**
   * Add a location
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request,
   * location_name_taken, outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised,
   * unavailable, unsupported_media_type.
   */
  createLocation(args: CreateLocationArgs, options?: CallOptions): Promise<Location> {
    return this.call(createLocation, args, options);
  }

  /**
   * Rename a location or change its priority
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request,
   * location_name_taken, not_found, outcome_unknown, overloaded, precondition_required,
   * rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type,
   * version_conflict.
   */
  updateLocation(args: UpdateLocationArgs, options?: CallOptions): Promise<Location> {
    return this.call(updateLocation, args, options);
  }

  /**
   * Stock by item and location
   *
   * Staff or a secret key with `inventory_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listStockLevels(args: ListStockLevelsArgs = {}, options?: CallOptions): Promise<StockLevelPage> {
    return this.call(listStockLevels, args, options);
  }

  /**
   * The stock of one item at every location
   *
   * Staff or a secret key with `inventory_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getStockLevels(args: GetStockLevelsArgs, options?: CallOptions): Promise<StockLevelList> {
    return this.call(getStockLevels, args, options);
  }

  /**
   * Receive goods or correct a count, by difference
   *
   * Differences add up whatever else happens at the same time; setting a number would overwrite
   * what was sold since it was counted.
   *
   * Staff or a secret key with `inventory_write` (owner, manager, fulfilment).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, not_found, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, stock_below_zero, stock_reserved, unauthorised, unavailable,
   * unsupported_media_type.
   */
  adjustStock(args: AdjustStockArgs, options?: CallOptions): Promise<StockMovementReceipt> {
    return this.call(adjustStock, args, options);
  }

  /**
   * Move units from one location to another
   *
   * Staff or a secret key with `inventory_write` (owner, manager, fulfilment).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, not_found, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, stock_below_zero, stock_reserved, unauthorised, unavailable,
   * unsupported_media_type.
   */
  transferStock(args: TransferStockArgs, options?: CallOptions): Promise<StockMovementReceipt> {
    return this.call(transferStock, args, options);
  }

  /**
   * The ledger of an item's stock, newest first
   *
   * Staff or a secret key with `inventory_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  listStockMovements(
    args: ListStockMovementsArgs,
    options?: CallOptions,
  ): Promise<StockMovementPage> {
    return this.call(listStockMovements, args, options);
  }

  /**
   * Orders, newest first
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listOrders(args: ListOrdersArgs = {}, options?: CallOptions): Promise<OrderSummaryPage> {
    return this.call(listOrders, args, options);
  }

  /**
   * An order with everything behind it
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getAdminOrder(args: GetAdminOrderArgs, options?: CallOptions): Promise<AdminOrder> {
    return this.call(getAdminOrder, args, options);
  }

  /**
   * Cancel an order of which nothing has left yet
   *
   * What was paid is refunded; what was held is on sale again.
   *
   * Staff or a secret key with `orders_write` (owner, manager, fulfilment, support).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, not_found, order_changed, order_state,
   * outcome_unknown, overloaded, rate_limited, shop_unknown, unauthorised, unavailable,
   * unsupported_media_type.
   */
  cancelOrder(args: CancelOrderArgs, options?: CallOptions): Promise<Order> {
    return this.call(cancelOrder, args, options);
  }

  /**
   * Send goods of a paid order
   *
   * Staff or a secret key with `orders_write` (owner, manager, fulfilment, support).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, line_quantity, not_found, order_changed,
   * order_held, order_not_paid, order_state, out_of_stock, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  createFulfilment(args: CreateFulfilmentArgs, options?: CallOptions): Promise<Order> {
    return this.call(createFulfilment, args, options);
  }

  /**
   * Give money back
   *
   * Staff or a secret key with `refunds_write` (owner, manager, support).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, line_quantity, not_found, order_changed,
   * order_state, outcome_unknown, overloaded, rate_limited, refund_exceeds_payment, shop_unknown,
   * unauthorised, unavailable, unsupported_media_type.
   */
  createRefund(args: CreateRefundArgs, options?: CallOptions): Promise<Order> {
    return this.call(createRefund, args, options);
  }

  /**
   * The balance of every account; their sum is zero in each currency
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listLedgerBalances(options?: CallOptions): Promise<LedgerBalances> {
    return this.call(listLedgerBalances, {}, options);
  }

  /**
   * Entries of the double-entry ledger, oldest first
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listLedgerTransfers(
    args: ListLedgerTransfersArgs = {},
    options?: CallOptions,
  ): Promise<LedgerTransferPage> {
    return this.call(listLedgerTransfers, args, options);
  }

  /**
   * The shop's chain of signed receipts, oldest first
   *
   * An entry's payload names the statements it chains by their SHA-256; a statement is the
   * `receipt` of its order.
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listReceipts(args: ListReceiptsArgs = {}, options?: CallOptions): Promise<ReceiptChainEntryPage> {
    return this.call(listReceipts, args, options);
  }

  /**
   * What was sold, by hour or day
   *
   * Sums of orders that were placed from `from` until before `until` and were not cancelled, for
   * each currency. A slot without a sale is left out. `products` are those of which most units were
   * sold.
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  getSales(args: GetSalesArgs, options?: CallOptions): Promise<SalesReport> {
    return this.call(getSales, args, options);
  }

  /**
   * Who the shop takes payments through
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listPaymentProviders(options?: CallOptions): Promise<PaymentProviderPage> {
    return this.call(listPaymentProviders, {}, options);
  }

  /**
   * Read how the shop uses a payment provider
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getPaymentProvider(
    args: GetPaymentProviderArgs,
    options?: CallOptions,
  ): Promise<PaymentProvider> {
    return this.call(getPaymentProvider, args, options);
  }

  /**
   * Set a payment provider up, switch it on or off
   *
   * Keys are stored encrypted and never shown again; send one anew to replace it. A provider that
   * is switched off settles what was begun and takes nothing new. Once a live account is enabled,
   * test payments are refused.
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * outcome_unknown, overloaded, payment_provider_incomplete, precondition_required, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updatePaymentProvider(
    args: UpdatePaymentProviderArgs,
    options?: CallOptions,
  ): Promise<PaymentProvider> {
    return this.call(updatePaymentProvider, args, options);
  }

  /**
   * What happened in the shop, in order, from a position on
   *
   * Positions rise and never change. Ask again with `after` set to `next_after`: as long as that is
   * below `tail` there is more, and nothing is ever skipped.
   *
   * Staff or a secret key with `events_read` (owner, manager, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listEvents(args: ListEventsArgs = {}, options?: CallOptions): Promise<EventPage> {
    return this.call(listEvents, args, options);
  }

  /**
   * The shop's own checks of orders
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listFunctions(options?: CallOptions): Promise<FunctionPage> {
    return this.call(listFunctions, {}, options);
  }

  /**
   * Add a function
   *
   * JavaScript that defines `function run(input)` and returns {decision, score?, reasons?}. It is
   * off until it is enabled, so that it can be tried on past orders first.
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, function_invalid, function_limit,
   * function_name_taken, internal, invalid_request, outcome_unknown, overloaded, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  createFunction(args: CreateFunctionArgs, options?: CallOptions): Promise<Function> {
    return this.call(createFunction, args, options);
  }

  /**
   * Read a function
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getFunction(args: GetFunctionArgs, options?: CallOptions): Promise<Function> {
    return this.call(getFunction, args, options);
  }

  /**
   * Switch a function on or off, choose its version, its policy
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, function_name_taken, internal,
   * invalid_request, not_found, outcome_unknown, overloaded, precondition_required, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  updateFunction(args: UpdateFunctionArgs, options?: CallOptions): Promise<Function> {
    return this.call(updateFunction, args, options);
  }

  /**
   * Try a function on a past order
   *
   * Runs a version, or a source that is not saved, on what the function would have been told when
   * the order was placed. Nothing is written and nothing happens to the order.
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, internal, invalid_request, not_found,
   * overloaded, rate_limited, shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  testFunction(args: TestFunctionArgs, options?: CallOptions): Promise<FunctionReport> {
    return this.call(testFunction, args, options);
  }

  /**
   * A function's versions, newest first
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  listFunctionVersions(
    args: ListFunctionVersionsArgs,
    options?: CallOptions,
  ): Promise<FunctionVersionPage> {
    return this.call(listFunctionVersions, args, options);
  }

  /**
   * Add a version; it runs once it is made the active one
   *
   * Staff or a secret key with `settings_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, function_invalid, function_limit,
   * internal, invalid_request, not_found, outcome_unknown, overloaded, rate_limited, shop_unknown,
   * unauthorised, unavailable, unsupported_media_type, version_conflict.
   */
  createFunctionVersion(
    args: CreateFunctionVersionArgs,
    options?: CallOptions,
  ): Promise<FunctionVersion> {
    return this.call(createFunctionVersion, args, options);
  }

  /**
   * Read a version with its source
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getFunctionVersion(args: GetFunctionVersionArgs, options?: CallOptions): Promise<FunctionSource> {
    return this.call(getFunctionVersion, args, options);
  }

  /**
   * What a function said of which order, newest first
   *
   * Staff or a secret key with `settings_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  listFunctionRuns(args: ListFunctionRunsArgs, options?: CallOptions): Promise<FunctionRunPage> {
    return this.call(listFunctionRuns, args, options);
  }

  /**
   * Orders that functions flagged, newest first
   *
   * Staff or a secret key with `orders_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listReviews(args: ListReviewsArgs = {}, options?: CallOptions): Promise<HeldOrderPage> {
    return this.call(listReviews, args, options);
  }

  /**
   * Let a held order go
   *
   * To refuse it instead, cancel it: what was paid is refunded.
   *
   * Staff or a secret key with `orders_write` (owner, manager, fulfilment, support).
   *
   * Problems: deadline_exceeded, forbidden, idempotency_key_missing, idempotency_key_reused,
   * internal, invalid_request, not_found, order_changed, order_state, outcome_unknown, overloaded,
   * rate_limited, shop_unknown, unauthorised, unavailable.
   */
  releaseOrder(args: ReleaseOrderArgs, options?: CallOptions): Promise<Order> {
    return this.call(releaseOrder, args, options);
  }

  /**
   * Import a product file
   *
   * The format of Shopify's product files, older and newer headers, any column order, prices in the
   * shop's default currency. The file is worked off after the answer: follow the import. A product
   * is applied whole or not at all; what is wrong is told by line. Stock in the file opens new
   * variants only; adjust known ones by difference.
   *
   * Staff or a secret key with `imports_write` (owner, manager).
   *
   * Problems: body_too_large, deadline_exceeded, forbidden, idempotency_key_missing,
   * idempotency_key_reused, internal, invalid_request, outcome_unknown, overloaded, rate_limited,
   * shop_unknown, unauthorised, unavailable, unsupported_media_type.
   */
  createImport(args: CreateImportArgs, options?: CallOptions): Promise<Import> {
    return this.call(createImport, args, options);
  }

  /**
   * Imports, newest first
   *
   * Staff or a secret key with `imports_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  listImports(args: ListImportsArgs = {}, options?: CallOptions): Promise<ImportPage> {
    return this.call(listImports, args, options);
  }

  /**
   * Follow an import
   *
   * Staff or a secret key with `imports_write` (owner, manager).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, not_found, overloaded,
   * shop_unknown, unauthorised, unavailable.
   */
  getImport(args: GetImportArgs, options?: CallOptions): Promise<Import> {
    return this.call(getImport, args, options);
  }

  /**
   * Every product as a file that imports again
   *
   * Staff or a secret key with `catalog_read` (owner, manager, fulfilment, support, viewer).
   *
   * Problems: deadline_exceeded, forbidden, internal, invalid_request, overloaded, shop_unknown,
   * unauthorised, unavailable.
   */
  exportProducts(args: ExportProductsArgs = {}, options?: CallOptions): Promise<string> {
    return this.call(exportProducts, args, options);
  }
}
