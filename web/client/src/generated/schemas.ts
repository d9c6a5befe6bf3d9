// Made by generate.mjs from /openapi.json. Change the API, not this file.

/** A postal address. */
export interface Address {
  name: string;
  company?: string | null | undefined;
  line1: string;
  line2?: string | null | undefined;
  city: string;
  postal_code: string;
  /** State or province, where the country has them in addresses. */
  province?: string | null | undefined;
  country: string;
  phone?: string | null | undefined;
}

/** A collection as its merchant edits it. */
export interface AdminCollection {
  id: string;
  handle: string;
  title: string;
  description: string;
  image: string | null;
  /** Of products the reader may see. */
  product_count: number;
  published: boolean;
  position: number;
  version: number;
}

/** A collection the product is in. */
export interface AdminCollectionLink {
  id: string;
  handle: string;
  title: string;
}

export interface AdminCustomer {
  id: string;
  email: string;
  name: string;
  /** To be sent as If-Match: "v7" with a change. */
  version: number;
  created_at: string;
}

export interface AdminCustomerDetail {
  id: string;
  email: string;
  name: string;
  addresses: CustomerAddress[];
  /** To be sent as If-Match: "v7" with a change. */
  version: number;
  created_at: string;
}

/** Members that are left out stay as they are. */
export interface AdminCustomerUpdate {
  name?: string | undefined;
  email?: string | undefined;
}

/** An order with everything behind it: payments, refunds, held stock, ledger. */
export type AdminOrder = OrderFields & {
  cart_id: string;
  customer_id: string | null;
  captured_total: number;
  home_region: string;
  payments: Payment[];
  refunds: Refund[];
  reservations: Reservation[];
  transfers: LedgerTransfer[];
  /** What the shop's functions had to say of it. */
  review: OrderReview | null;
};

/** A product as its merchant edits it. */
export interface AdminProduct {
  id: string;
  handle: string;
  title: string;
  /** HTML of a safe subset: p, br, ul, ol, li, strong, em, b, i, h2, h3, h4, a. */
  description: string;
  vendor: string;
  type: string;
  tags: string[];
  options: ProductOption[];
  images: ProductImage[];
  seo: ProductSeo;
  status: 'draft' | 'published' | 'archived';
  /** Null: the shop's own. */
  tax_class_id: string | null;
  variants: AdminVariant[];
  collections: AdminCollectionLink[];
  version: number;
  created_at: string;
  updated_at: string;
}

/** A product in the merchant's list. */
export interface AdminProductSummary {
  id: string;
  handle: string;
  title: string;
  vendor: string;
  type: string;
  status: 'draft' | 'published' | 'archived';
  image: Image | null;
  variant_count: number;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface AdminShop {
  id: string;
  name: string;
  tagline: string;
  /** The default first. */
  currencies: string[];
  default_currency: string;
  /** Where the shop ships to. */
  countries: string[];
  /** Whose taxes a cart without an address has. */
  home_country: string;
  /**
   * Whether prices contain the tax of where they are sent to; else it is added. `tax_included_in`
   * says it for single countries.
   */
  prices_include_tax: boolean;
  tax_included_in: TaxIncludedIn;
  /** May be empty. */
  contact_email: string;
  /** The storefront's own: logo, hero, texts. At most 8 KiB. */
  presentation: Record<string, unknown>;
  /** Of products and shipping that name none. */
  default_tax_class_id: string | null;
  /** To be sent as If-Match: "v7" with a change. */
  version: number;
  created_at: string;
}

/** A variant as its merchant edits it. */
export interface AdminVariant {
  id: string;
  position: number;
  title: string;
  option_values: string[];
  sku: string;
  barcode: string;
  grams: number;
  requires_shipping: boolean;
  taxable: boolean;
  track_stock: boolean;
  backorder: boolean;
  image_id: string | null;
  /** What is counted; null when stock is not tracked. Variants may share one. */
  inventory_item_id: string | null;
  /** Of the item in one of this variant. */
  units: number;
  prices: Price[];
}

/** Money: integer minor units (cents) of the currency beside it. */
export interface Amount {
  currency: string;
  amount: number;
}

/** A key of a program. */
export interface ApiKey {
  id: string;
  kind: 'publishable' | 'secret';
  name: string;
  /** Its first characters, to recognise it by. */
  prefix: string;
  /** What a secret key may do. */
  role: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer' | null;
  created_at: string;
  revoked_at: string | null;
}

export interface ApiKeyCreated {
  key: ApiKey;
  /** The whole key. It is shown here and never again. */
  secret: string;
}

export interface ApiKeyInput {
  kind: 'publishable' | 'secret';
  name: string;
  /** Required for a secret key. */
  role?: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer' | undefined;
}

/**
 * A cart with what it costs now. Prices are those of the moment; the order keeps those of its
 * completion.
 */
export type Cart = CartFields;

export interface CartCompletion {
  payment: PaymentInput;
  /** The total the shopper saw; with another one the answer is price_changed. */
  expected_total?: number | undefined;
}

/** A cart and, once, its token. */
export type CartCreated = CartFields & {
  token: string;
};

export interface CartFields {
  id: string;
  currency: string;
  email: string;
  customer_id: string | null;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method: ShippingChoice | null;
  lines: CartLine[];
  totals: CartTotals;
  requires_shipping: boolean;
  ready: {
    complete: boolean;
    missing: ('lines' | 'email' | 'shipping_address' | 'shipping_method_id')[];
  };
  problems: CartProblem[];
  status: 'open' | 'completed';
  order_id: string | null;
  version: number;
}

/** A new cart; everything is optional. */
export interface CartInput {
  currency?: string | undefined;
  email?: string | undefined;
  lines?: CartLineInput[] | undefined;
}

export interface CartLine {
  id: string;
  variant_id: string;
  product_id: string;
  handle: string;
  title: string;
  variant_title: string;
  sku: string;
  image: Image | null;
  quantity: number;
  unit_price: number;
  total: number;
  /** The whole quantity could be bought now. */
  available: boolean;
  /** Units left; null when there is no bound. */
  quantity_available: number | null;
  requires_shipping: boolean;
}

export interface CartLineInput {
  variant_id: string;
  quantity: number;
}

export interface CartLineUpdate {
  quantity: number;
}

/** Something to mend before the cart can be completed. */
export interface CartProblem {
  line_id: string;
  code: 'variant_unavailable' | 'out_of_stock';
  detail: string;
}

export interface CartShippingMethods {
  items: {
    id: string;
    name: string;
    description: string;
    amount: number;
    currency: string;
  }[];
}

/**
 * Minor units of the cart's currency. `tax` is contained in the prices when `tax_included`, else
 * added to them.
 */
export interface CartTotals {
  subtotal: number;
  shipping: number;
  tax: number;
  total: number;
  tax_included: boolean;
  tax_lines: TaxLine[];
}

/** Members that are left out stay as they are; null clears one. */
export interface CartUpdate {
  currency?: string | undefined;
  email?: string | null | undefined;
  shipping_address?: Address | null | undefined;
  billing_address?: Address | null | undefined;
  shipping_method_id?: string | null | undefined;
}

/** A named group of products. */
export interface Collection {
  id: string;
  handle: string;
  title: string;
  description: string;
  image: string | null;
  /** Of products the reader may see. */
  product_count: number;
}

/** A new collection. */
export interface CollectionInput {
  /** In URLs. Left out: made from the title. */
  handle?: string | undefined;
  title: string;
  description?: string | undefined;
  image?: string | null | undefined;
  /** Default true. */
  published?: boolean | undefined;
  /** Lower comes first. Left out: behind the others. */
  position?: number | undefined;
}

/** A collection the product is in. */
export interface CollectionLink {
  handle: string;
  title: string;
}

/** What changes of a collection. */
export interface CollectionUpdate {
  /** In URLs. Left out: made from the title. */
  handle?: string | undefined;
  title?: string | undefined;
  description?: string | undefined;
  image?: string | null | undefined;
  /** Default true. */
  published?: boolean | undefined;
  /** Lower comes first. Left out: behind the others. */
  position?: number | undefined;
}

/** Someone with an account at the shop. */
export interface Customer {
  id: string;
  email: string;
  name: string;
  created_at: string;
}

/** A postal address a customer keeps. */
export interface CustomerAddress {
  id: string;
  name: string;
  company?: string | null | undefined;
  line1: string;
  line2?: string | null | undefined;
  city: string;
  postal_code: string;
  /** State or province, where the country has them in addresses. */
  province?: string | null | undefined;
  country: string;
  phone?: string | null | undefined;
  created_at: string;
}

/** Members that are left out stay as they are; null clears one. */
export interface CustomerAddressUpdate {
  name?: string | undefined;
  company?: string | null | undefined;
  line1?: string | undefined;
  line2?: string | null | undefined;
  city?: string | undefined;
  postal_code?: string | undefined;
  /** State or province, where the country has them in addresses. */
  province?: string | null | undefined;
  country?: string | undefined;
  phone?: string | null | undefined;
}

export interface CustomerRegistration {
  email: string;
  name: string;
  password: string;
}

export interface CustomerSession {
  customer: Customer;
  session: Session;
}

/**
 * Members that are left out stay as they are. A new password ends every other session of the
 * customer.
 */
export interface CustomerUpdate {
  name?: string | undefined;
  email?: string | undefined;
  password?: string | undefined;
  /** Required with a new e-mail address or a new password. */
  current_password?: string | undefined;
}

/** Something that happened. */
export interface Event {
  position: number;
  type: string;
  /** The id it happened to. */
  subject: string;
  payload: Record<string, unknown>;
  at: string;
}

export interface EventPage {
  items: Event[];
  /** Ask on from here. */
  next_after: number;
  /** The log's last position. */
  tail: number;
}

export interface Fulfilment {
  id: string;
  lines: LineQuantity[];
  carrier: string;
  tracking_number: string;
  tracking_url: string;
  at: string;
}

/** Without `lines` everything still open leaves. */
export interface FulfilmentInput {
  lines?: LineQuantity[] | undefined;
  carrier?: string | undefined;
  tracking_number?: string | undefined;
  tracking_url?: string | undefined;
}

/** A check of orders that the shop wrote itself. */
export interface Function {
  id: string;
  name: string;
  /**
   * before_completion: asked while the shopper waits, may refuse the order. order_placed: asked
   * afterwards, may hold it.
   */
  trigger: 'before_completion' | 'order_placed';
  /**
   * When a run gives no verdict (it throws, runs too long, takes too much memory): open accepts;
   * closed refuses before an order, and holds one that is placed.
   */
  on_failure: 'open' | 'closed';
  /** Wall time of one run; 250 unless given. */
  timeout_ms: number;
  enabled: boolean;
  active_version: number;
  latest_version: number;
  created_at: string;
  updated_at: string;
  version: number;
}

/** What was done, after the failure policy. */
export type FunctionDecision = 'accept' | 'review' | 'reject';

export interface FunctionFlag {
  function_id: string;
  function: string;
  function_version: number;
  outcome: FunctionOutcome;
  decision: FunctionDecision;
  score: number | null;
  reasons: string[];
}

export interface FunctionInput {
  name: string;
  /**
   * before_completion: asked while the shopper waits, may refuse the order. order_placed: asked
   * afterwards, may hold it.
   */
  trigger: 'before_completion' | 'order_placed';
  /**
   * When a run gives no verdict (it throws, runs too long, takes too much memory): open accepts;
   * closed refuses before an order, and holds one that is placed.
   */
  on_failure: 'open' | 'closed';
  /** Wall time of one run; 250 unless given. */
  timeout_ms?: number | undefined;
  /** Off unless given. */
  enabled?: boolean | undefined;
  /** JavaScript (ES5.1) that defines function run(input). */
  source: string;
  note?: string | undefined;
}

/** How the run ended; all but finished are failures. */
export type FunctionOutcome = 'finished' | 'threw' | 'out_of_memory' | 'output_too_large' | 'timed_out' | 'crashed' | 'overloaded' | 'invalid_output';

export interface FunctionReport {
  outcome: FunctionOutcome;
  decision: FunctionDecision;
  score: number | null;
  reasons: string[];
  /** What it wrote with console.log, as far as it fits 8 KiB. */
  logs: string[];
  error: string | null;
  duration_us: number;
  /** The most the interpreter had at once. */
  memory_bytes: number;
}

export interface FunctionRun {
  id: string;
  function_version: number;
  /** null: the order was refused and never came to be. */
  order_id: string | null;
  at: string;
  outcome: FunctionOutcome;
  decision: FunctionDecision;
  score: number | null;
  reasons: string[];
  logs: string[];
  error: string | null;
  duration_us: number;
  memory_bytes: number;
}

export interface FunctionSource {
  number: number;
  note: string;
  actor: string;
  created_at: string;
  /** JavaScript (ES5.1) that defines function run(input). */
  source: string;
}

/** Of an order; the latest version unless `version` or a `source` that is not saved is given. */
export interface FunctionTest {
  order_id: string;
  version?: number | undefined;
  /** JavaScript (ES5.1) that defines function run(input). */
  source?: string | undefined;
}

export interface FunctionUpdate {
  name?: string | undefined;
  /**
   * When a run gives no verdict (it throws, runs too long, takes too much memory): open accepts;
   * closed refuses before an order, and holds one that is placed.
   */
  on_failure?: 'open' | 'closed' | undefined;
  /** Wall time of one run; 250 unless given. */
  timeout_ms?: number | undefined;
  enabled?: boolean | undefined;
  active_version?: number | undefined;
}

export interface FunctionVersion {
  number: number;
  note: string;
  actor: string;
  created_at: string;
}

export interface FunctionVersionInput {
  /** JavaScript (ES5.1) that defines function run(input). */
  source: string;
  note?: string | undefined;
}

export interface HeldOrder {
  order_id: string;
  number: string;
  status: 'held' | 'released' | 'cancelled';
  flags: FunctionFlag[];
  created_at: string;
  total: number;
  currency: string;
}

/** A name the shop answers under. */
export interface Host {
  host: string;
}

export interface HostInput {
  /** Without a port. */
  host: string;
}

/** A picture and what to say where it cannot be seen. */
export interface Image {
  /** An address, or a path on this host. */
  src: string;
  alt: string;
}

/** A new image. */
export interface ImageInput {
  src: string;
  alt?: string | undefined;
  /** Counted from 0; past the end is the end. */
  position?: number | undefined;
}

/** What changes of an image. */
export interface ImageUpdate {
  src?: string | undefined;
  alt?: string | undefined;
  /** Counted from 0; past the end is the end. */
  position?: number | undefined;
}

/** A product file and how far it is. */
export interface Import {
  id: string;
  file_name: string;
  dry_run: boolean;
  status: 'waiting' | 'running' | 'finished' | 'failed';
  products_total: number;
  products_done: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  problems: ImportProblem[];
  created_at: string;
  finished_at: string | null;
}

/** Something wrong in the file; nothing of its product was applied. */
export interface ImportProblem {
  /** Where the row starts; 0: the file as a whole. */
  line: number;
  handle: string;
  column: string;
  what: string;
}

export interface LedgerBalances {
  items: {
    account: string;
    currency: string;
    /** Debits less credits. */
    balance: number;
  }[];
}

/** One entry of the double-entry ledger: `debit` and `credit` move by the same amount. */
export interface LedgerTransfer {
  id: string;
  journal_id: string;
  debit: string;
  credit: string;
  currency: string;
  amount: number;
  order_id: string | null;
  at: string;
}

export interface LineQuantity {
  line_id: string;
  quantity: number;
}

/** A place where stock is kept. */
export interface Location {
  id: string;
  name: string;
  /** Orders take from lower ones first. */
  priority: number;
  version: number;
}

export interface LocationInput {
  name: string;
  priority?: number | undefined;
}

export interface LocationList {
  items: Location[];
}

export interface LocationUpdate {
  name?: string | undefined;
  priority?: number | undefined;
}

/** Who is calling. */
export interface Me {
  shop_id: string;
  actor: string;
  role: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer';
  /** Null for a secret key. */
  staff: StaffMember | null;
}

export interface OptionInput {
  name: string;
  /** Left out: as the variants use them. */
  values?: string[] | undefined;
}

/**
 * An order as its shopper sees it. Status, payment and fulfilment move on their own; `version`
 * grows with each change.
 */
export type Order = OrderFields;

export interface OrderCancellation {
  reason?: string | undefined;
}

export interface OrderFields {
  id: string;
  number: string;
  status: 'placed' | 'completed' | 'cancelled';
  payment_status: 'pending' | 'requires_action' | 'paid' | 'declined' | 'partially_refunded' | 'refunded' | 'voided';
  fulfilment_status: 'unfulfilled' | 'partially_fulfilled' | 'fulfilled';
  email: string;
  currency: string;
  lines: OrderLine[];
  totals: OrderTotals;
  /** Whose taxes apply. */
  tax_country: string;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method: ShippingChoice | null;
  payment: OrderPayment | null;
  fulfilments: Fulfilment[];
  history: OrderHistoryEntry[];
  placed_at: string;
  version: number;
  receipt: SignedDocument;
}

export interface OrderHistoryEntry {
  at: string;
  kind: 'placed' | 'payment_captured' | 'payment_declined' | 'payment_requires_action' | 'payment_requested' | 'cancelled' | 'fulfilled' | 'refund_requested' | 'refunded' | 'refund_failed';
  detail: Record<string, unknown>;
}

export interface OrderLine {
  id: string;
  product_id: string;
  variant_id: string;
  title: string;
  variant_title: string;
  sku: string;
  image: string | null;
  quantity: number;
  unit_price: number;
  total: number;
  tax: number;
  fulfilled: number;
  refunded: number;
}

/** The latest attempt to be paid. */
export interface OrderPayment {
  id: string;
  attempt: number;
  provider: string;
  method: string;
  status: 'pending' | 'requires_action' | 'captured' | 'declined' | 'unknown' | 'cancelled';
  /** Where the shopper confirms, while the status is requires_action. */
  action_url: string | null;
  failure: string | null;
}

export interface OrderPaymentInput {
  payment: PaymentInput;
}

/** The order and the token that lets a guest follow it (X-Order-Token). */
export type OrderPlaced = OrderFields & {
  token: string;
};

/** While an order is held nothing of it leaves. */
export interface OrderReview {
  status: 'held' | 'released' | 'cancelled';
  flags: FunctionFlag[];
  created_at: string;
  decided_by: string | null;
  decided_at: string | null;
}

export interface OrderSummary {
  id: string;
  number: string;
  cart_id: string;
  customer_id: string | null;
  status: string;
  payment_status: string;
  fulfilment_status: string;
  email: string;
  currency: string;
  total: number;
  placed_at: string;
  version: number;
}

/** Minor units of the order's currency. */
export interface OrderTotals {
  subtotal: number;
  shipping: number;
  tax: number;
  total: number;
  refunded: number;
  tax_included: boolean;
  tax_lines: TaxLine[];
}

export interface Payment {
  id: string;
  attempt: number;
  provider: string;
  /** The idempotency key towards the provider. */
  provider_key: string;
  provider_reference: string;
  method: string;
  currency: string;
  amount: number;
  status: string;
  failure: string;
  created_at: string;
  updated_at: string;
}

/**
 * How to pay: a provider and its token of a card or wallet. The test provider takes tok_approved,
 * tok_declined, tok_needs_action, tok_slow, tok_unknown and tok_duplicate_webhook; Stripe takes the
 * id of a payment method (pm_…).
 */
export interface PaymentInput {
  provider: 'test' | 'stripe';
  method: string;
}

/**
 * How the shop takes payments through one provider. Secrets are stored encrypted and never shown
 * again.
 */
export interface PaymentProvider {
  provider: 'stripe' | 'test';
  enabled: boolean;
  /**
   * Whether carts can be completed with it now: enabled, and not the test provider beside a live
   * account.
   */
  accepted: boolean;
  /** As its secret key says. */
  mode: 'test' | 'live' | null;
  publishable_key: string | null;
  secret_key: PaymentSecret;
  webhook_secret: PaymentSecret;
  /** Where the provider is to send its webhooks, below the shop's public address. */
  webhook_path: string;
  /** Of the provider's API; its webhook endpoint should be of the same. */
  api_version: string | null;
  version: number;
}

export interface PaymentProviderUpdate {
  enabled?: boolean | undefined;
  publishable_key?: string | undefined;
  secret_key?: string | undefined;
  webhook_secret?: string | undefined;
}

/** What a provider says of a charge. */
export interface PaymentReport {
  type: 'charge.decided';
  shop_id: string;
  payment_id: string;
  key: string;
  id: string;
  status: 'captured' | 'declined' | 'requires_action';
  reason?: string | undefined;
}

export interface PaymentSecret {
  set: boolean;
  /** Its first and last characters. */
  hint: string | null;
}

/** A price in minor units (cents). */
export interface Price {
  currency: string;
  amount: number;
  /** The price before a reduction. */
  compare_at: number | null;
}

export interface PriceInput {
  currency: string;
  amount: number;
  compare_at?: number | null | undefined;
}

/** The lowest price of a product. */
export interface PriceSummary {
  currency: string;
  amount: number;
  /** The price before a reduction. */
  compare_at: number | null;
  /** Another variant costs more. */
  varies: boolean;
}

/** A product with the variants that have a price in the currency asked for. */
export interface Product {
  id: string;
  handle: string;
  title: string;
  /** HTML of a safe subset: p, br, ul, ol, li, strong, em, b, i, h2, h3, h4, a. */
  description: string;
  vendor: string;
  type: string;
  tags: string[];
  options: ProductOption[];
  images: ProductImage[];
  variants: Variant[];
  collections: CollectionLink[];
  seo: ProductSeo;
}

/** A picture of a product. They come sorted; `position` counts from 0. */
export interface ProductImage {
  id: string;
  src: string;
  alt: string;
  position: number;
}

/** An image inside of its product. */
export interface ProductImageInput {
  /** Of an image the product has; what is not sent stays. */
  id?: string | undefined;
  src?: string | undefined;
  alt?: string | undefined;
}

/** A new product with all its parts. */
export interface ProductInput {
  /** In URLs. Left out: made from the title. */
  handle?: string | undefined;
  title: string;
  /** Any HTML; only the safe subset is kept. */
  description?: string | undefined;
  vendor?: string | undefined;
  type?: string | undefined;
  tags?: string[] | undefined;
  options?: OptionInput[] | undefined;
  /** Default draft. */
  status?: 'draft' | 'published' | 'archived' | undefined;
  tax_class_id?: string | null | undefined;
  seo?: SeoInput | undefined;
  images?: ProductImageInput[] | undefined;
  variants: ProductVariantInput[];
  /** All it is in, by id or handle. */
  collections?: string[] | undefined;
}

/** What may be chosen, in the order to show it. */
export interface ProductOption {
  name: string;
  values: string[];
}

/** How much of a product was sold in one currency. */
export interface ProductSales {
  product_id: string;
  title: string;
  currency: string;
  quantity: number;
  total: number;
}

/** For search engines; empty: as the product says. */
export interface ProductSeo {
  title: string;
  description: string;
}

/** A product in a list. */
export interface ProductSummary {
  id: string;
  handle: string;
  title: string;
  vendor: string;
  type: string;
  tags: string[];
  image: Image | null;
  price: PriceSummary;
  /** At least one variant can be bought now. */
  available: boolean;
}

/** What changes of a product. */
export interface ProductUpdate {
  /** In URLs. Left out: made from the title. */
  handle?: string | undefined;
  title?: string | undefined;
  /** Any HTML; only the safe subset is kept. */
  description?: string | undefined;
  vendor?: string | undefined;
  type?: string | undefined;
  tags?: string[] | undefined;
  options?: OptionInput[] | undefined;
  /** Default draft. */
  status?: 'draft' | 'published' | 'archived' | undefined;
  tax_class_id?: string | null | undefined;
  seo?: SeoInput | undefined;
  images?: ProductImageInput[] | undefined;
  variants?: ProductVariantInput[] | undefined;
  /** All it is in, by id or handle. */
  collections?: string[] | undefined;
}

/** A variant inside of its product. */
export interface ProductVariantInput {
  /** Of a variant the product has; what is not sent stays. */
  id?: string | undefined;
  /** One of each option of the product, in their order. */
  option_values?: string[] | undefined;
  sku?: string | undefined;
  barcode?: string | undefined;
  grams?: number | undefined;
  requires_shipping?: boolean | undefined;
  taxable?: boolean | undefined;
  /** Count it: the variant gets an inventory item. Default true. */
  track_stock?: boolean | undefined;
  /** Sell beyond the stock. Default false. */
  backorder?: boolean | undefined;
  image_id?: string | null | undefined;
  /** Instead of `image_id`; becomes an image of the product when it is none. */
  image_src?: string | undefined;
  /** Share an item instead of having one. */
  inventory_item_id?: string | undefined;
  /** Of the item in one of this variant. Default 1. */
  units?: number | undefined;
  prices?: PriceInput[] | undefined;
}

/** One entry of the shop's receipt chain. */
export interface ReceiptChainEntry {
  sequence: number;
  /** Hex SHA-256 of the entry before. */
  previous: string;
  /** Hex SHA-256 of this entry's payload. */
  digest: string;
  entry: SignedDocument;
}

/**
 * A receipt to keep: `securecart receipt verify FILE --key KEY` checks it without the shop, with a
 * key of `GET /v1/store/receipt-keys` kept from before.
 */
export interface ReceiptFile {
  format: 'securecart-receipt-file-1';
  statement: SignedDocument;
  entry: SignedDocument;
  /** base64url, 32 bytes */
  public_key: string;
}

/** A key the shop signs receipts with. */
export interface ReceiptKey {
  id: string;
  /** Ed25519, base64url without padding. */
  public_key: string;
  created_at: string;
}

export interface Refund {
  id: string;
  payment_id: string;
  amount: number;
  reason: string;
  lines: LineQuantity[];
  status: 'pending' | 'succeeded' | 'failed';
  failure: string;
  created_at: string;
  updated_at: string;
}

/**
 * Of an `amount`, of `lines` (their share of what was paid), or, with neither, of all that is left.
 */
export interface RefundInput {
  amount?: number | undefined;
  lines?: LineQuantity[] | undefined;
  reason?: string | undefined;
  /** Put the units of `lines` back on sale. */
  restock?: boolean | undefined;
}

/** Units of an item that a line still holds. */
export interface Reservation {
  line_id: string;
  item_id: string;
  location_id: string;
  quantity: number;
  backordered: number;
}

/** What was sold in a stretch of time. */
export interface SalesReport {
  from: string;
  until: string;
  interval: 'hour' | 'day';
  items: SalesSlot[];
  /** Those of which most units were sold, the most first. */
  products: ProductSales[];
}

/** An hour or a day in one currency. */
export interface SalesSlot {
  /** When the slot begins. */
  at: string;
  currency: string;
  orders: number;
  total: number;
  /** Of these orders, until now. */
  refunded: number;
}

export interface SeoInput {
  title?: string | undefined;
  description?: string | undefined;
}

/** What a sign-in gives. */
export interface Session {
  /** Sent as `Authorization: Bearer`. It is shown here and never again. */
  token: string;
  expires_at: string;
}

/** The price up to a weight; without max_grams, of everything heavier. */
export interface ShippingBand {
  max_grams?: number | null | undefined;
  /** Minor units by currency; carts of other currencies cannot choose the band. */
  prices: Record<string, number>;
}

export interface ShippingChoice {
  id: string;
  name: string;
  amount: number;
}

export interface ShippingMethod {
  id: string;
  name: string;
  description: string;
  tax_class_id: string | null;
  bands: ShippingBand[];
}

export interface ShippingMethodInput {
  /** Of a method that stays; without it a new one is made. */
  id?: string | undefined;
  name: string;
  description?: string | undefined;
  tax_class_id?: string | null | undefined;
  bands: ShippingBand[];
}

/** Countries that are shipped to alike. "*" stands for every country that no other zone names. */
export interface ShippingZone {
  id: string;
  name: string;
  countries: string[];
  methods: ShippingMethod[];
  version: number;
}

export interface ShippingZoneInput {
  name: string;
  countries: (string | '*')[];
  methods: ShippingMethodInput[];
}

export interface ShippingZoneList {
  items: ShippingZone[];
}

/** What a storefront needs to know about its shop. */
export interface Shop {
  id: string;
  name: string;
  tagline: string;
  /** The default first. */
  currencies: string[];
  default_currency: string;
  /** Where the shop ships to. */
  countries: string[];
  /** Whose taxes a cart without an address has. */
  home_country: string;
  /**
   * Whether prices contain the tax of where they are sent to; else it is added. `tax_included_in`
   * says it for single countries.
   */
  prices_include_tax: boolean;
  tax_included_in: TaxIncludedIn;
  /** May be empty. */
  contact_email: string;
  /** The storefront's own: logo, hero, texts. At most 8 KiB. */
  presentation: Record<string, unknown>;
  /** The shop takes the test provider's tokens; no money moves. */
  test_payments: boolean;
  /** Who the shop takes payments through. */
  payment_providers: {
    provider: 'stripe' | 'test';
    /** For the provider's own script in the browser, which makes the `method` of a payment. */
    publishable_key: string | null;
  }[];
}

/** Members that are left out stay as they are. */
export interface ShopUpdate {
  name?: string | undefined;
  tagline?: string | undefined;
  /** The default first. */
  currencies?: string[] | undefined;
  default_currency?: string | undefined;
  /** Where the shop ships to. */
  countries?: string[] | undefined;
  /** Whose taxes a cart without an address has. */
  home_country?: string | undefined;
  /**
   * Whether prices contain the tax of where they are sent to; else it is added. `tax_included_in`
   * says it for single countries.
   */
  prices_include_tax?: boolean | undefined;
  tax_included_in?: TaxIncludedIn | undefined;
  /** May be empty. */
  contact_email?: string | undefined;
  /** The storefront's own: logo, hero, texts. At most 8 KiB. */
  presentation?: Record<string, unknown> | undefined;
  /** Of products and shipping that name none. */
  default_tax_class_id?: string | null | undefined;
}

export interface SignIn {
  email: string;
  password: string;
}

/** Canonical JSON and its Ed25519 signature (RFC 8032). */
export interface SignedDocument {
  payload: string;
  key_id: string;
  /** base64url */
  signature: string;
}

export interface StaffInput {
  email: string;
  name: string;
  role: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer';
  password: string;
}

/** One of the merchant's people. */
export interface StaffMember {
  id: string;
  email: string;
  name: string;
  role: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer';
  /** A disabled member cannot sign in. */
  disabled: boolean;
  /** To be sent as If-Match: "v7" with a change. */
  version: number;
  created_at: string;
}

export interface StaffSession {
  staff: StaffMember;
  session: Session;
}

/**
 * Members that are left out stay as they are. A new password or role, and being disabled, end the
 * member's sessions.
 */
export interface StaffUpdate {
  name?: string | undefined;
  role?: 'owner' | 'manager' | 'fulfilment' | 'support' | 'viewer' | undefined;
  disabled?: boolean | undefined;
  password?: string | undefined;
}

export interface StockAdjustment {
  location_id: string;
  /** Units more (or, negative, fewer) than before. */
  delta: number;
  kind?: 'receive' | 'adjust' | undefined;
  reason?: string | undefined;
}

/** Stock of an item at a location. `available` = granted - reserved - sold can be sold now. */
export interface StockLevel {
  item_id: string;
  sku: string;
  location_id: string;
  /** Physically there. */
  on_hand: number;
  /** Ever given to this region to sell. */
  granted: number;
  /** Held by orders that have not left. */
  reserved: number;
  /** Left with orders. */
  sold: number;
  /** Promised beyond the stock. */
  backordered: number;
  available: number;
}

export interface StockLevelList {
  items: StockLevel[];
}

/** One entry of the stock ledger: each counter's change. */
export interface StockMovement {
  id: string;
  item_id: string;
  location_id: string;
  kind: 'receive' | 'adjust' | 'reserve' | 'release' | 'fulfil' | 'return' | 'transfer';
  on_hand: number;
  granted: number;
  reserved: number;
  sold: number;
  backordered: number;
  order_id: string | null;
  actor: string;
  reason: string;
  at: string;
}

/** What was moved; read the item's levels for what is there now. */
export interface StockMovementReceipt {
  item_id: string;
  location_id: string;
  delta: number;
}

export interface StockTransfer {
  from_location_id: string;
  to_location_id: string;
  quantity: number;
  reason?: string | undefined;
}

/**
 * An event as Stripe sends it (docs.stripe.com/api/events); read as far as it concerns a payment or
 * refund of this shop.
 */
export interface StripeEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** Goods that are taxed alike. */
export interface TaxClass {
  id: string;
  name: string;
  /** Applies where a product names none. */
  is_default: boolean;
}

export interface TaxClassInput {
  name: string;
}

export interface TaxClassList {
  items: TaxClass[];
}

/**
 * By country of destination, where it is not as `prices_include_tax` says: a shop may sell with tax
 * included at home and with tax on top abroad.
 */
export type TaxIncludedIn = Record<string, boolean>;

export interface TaxLine {
  name: string;
  basis_points: number;
  amount: number;
}

/** What a class is charged in a country, or in one province of it. */
export interface TaxRate {
  id: string;
  tax_class_id: string;
  country: string;
  /** Empty: the whole country. */
  province: string;
  name: string;
  basis_points: number;
}

export interface TaxRateInput {
  tax_class_id: string;
  country: string;
  province?: string | undefined;
  name: string;
  basis_points: number;
}

export interface TaxRateList {
  items: TaxRate[];
}

/** What is bought: a product with its options chosen. */
export interface Variant {
  id: string;
  title: string;
  /** One of each option, in the order of `options`. */
  option_values: string[];
  sku: string;
  price: Price;
  image_id: string | null;
  available: boolean;
  /** Units left; null when there is no bound. */
  quantity_available: number | null;
  /** Sold beyond the stock. */
  backorder: boolean;
  requires_shipping: boolean;
  grams: number;
}

/** A new variant. */
export interface VariantInput {
  /** One of each option of the product, in their order. */
  option_values?: string[] | undefined;
  sku?: string | undefined;
  barcode?: string | undefined;
  grams?: number | undefined;
  requires_shipping?: boolean | undefined;
  taxable?: boolean | undefined;
  /** Count it: the variant gets an inventory item. Default true. */
  track_stock?: boolean | undefined;
  /** Sell beyond the stock. Default false. */
  backorder?: boolean | undefined;
  image_id?: string | null | undefined;
  /** Instead of `image_id`; becomes an image of the product when it is none. */
  image_src?: string | undefined;
  /** Share an item instead of having one. */
  inventory_item_id?: string | undefined;
  /** Of the item in one of this variant. Default 1. */
  units?: number | undefined;
  prices: PriceInput[];
  /** Counted from 0; past the end is the end. */
  position?: number | undefined;
}

/** What changes of a variant. */
export interface VariantUpdate {
  /** One of each option of the product, in their order. */
  option_values?: string[] | undefined;
  sku?: string | undefined;
  barcode?: string | undefined;
  grams?: number | undefined;
  requires_shipping?: boolean | undefined;
  taxable?: boolean | undefined;
  /** Count it: the variant gets an inventory item. Default true. */
  track_stock?: boolean | undefined;
  /** Sell beyond the stock. Default false. */
  backorder?: boolean | undefined;
  image_id?: string | null | undefined;
  /** Instead of `image_id`; becomes an image of the product when it is none. */
  image_src?: string | undefined;
  /** Share an item instead of having one. */
  inventory_item_id?: string | undefined;
  /** Of the item in one of this variant. Default 1. */
  units?: number | undefined;
  prices?: PriceInput[] | undefined;
  /** Counted from 0; past the end is the end. */
  position?: number | undefined;
}

export interface AdminCollectionPage {
  items: AdminCollection[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface AdminCustomerPage {
  items: AdminCustomer[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface AdminProductSummaryPage {
  items: AdminProductSummary[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface ApiKeyPage {
  items: ApiKey[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface CollectionPage {
  items: Collection[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface CustomerAddressPage {
  items: CustomerAddress[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface FunctionPage {
  items: Function[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface FunctionRunPage {
  items: FunctionRun[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface FunctionVersionPage {
  items: FunctionVersion[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface HeldOrderPage {
  items: HeldOrder[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface HostPage {
  items: Host[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface ImportPage {
  items: Import[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface LedgerTransferPage {
  items: LedgerTransfer[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface OrderSummaryPage {
  items: OrderSummary[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface PaymentProviderPage {
  items: PaymentProvider[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface ProductSummaryPage {
  items: ProductSummary[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface ReceiptChainEntryPage {
  items: ReceiptChainEntry[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface ReceiptKeyPage {
  items: ReceiptKey[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface StaffMemberPage {
  items: StaffMember[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface StockLevelPage {
  items: StockLevel[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

export interface StockMovementPage {
  items: StockMovement[];
  /** Send it as `cursor` for the next page; null on the last one. */
  next_cursor: string | null;
}

/** Every code a problem of this API can have. */
export type ErrorCode =
  | 'already_there'
  | 'bad_credentials'
  | 'bad_signature'
  | 'body_too_large'
  | 'cart_changed'
  | 'cart_completed'
  | 'cart_incomplete'
  | 'cart_limit'
  | 'collection_invalid'
  | 'customer_has_open_orders'
  | 'deadline_exceeded'
  | 'draining'
  | 'email_taken'
  | 'forbidden'
  | 'function_invalid'
  | 'function_limit'
  | 'function_name_taken'
  | 'handle_taken'
  | 'host_taken'
  | 'idempotency_key_missing'
  | 'idempotency_key_reused'
  | 'internal'
  | 'invalid_request'
  | 'last_owner'
  | 'last_variant'
  | 'line_quantity'
  | 'location_name_taken'
  | 'login_throttled'
  | 'not_found'
  | 'not_sold_there'
  | 'order_changed'
  | 'order_held'
  | 'order_not_paid'
  | 'order_refused'
  | 'order_state'
  | 'out_of_stock'
  | 'outcome_unknown'
  | 'overloaded'
  | 'payment_provider_incomplete'
  | 'payment_provider_unavailable'
  | 'precondition_required'
  | 'price_changed'
  | 'product_busy'
  | 'product_invalid'
  | 'rate_limited'
  | 'receipt_not_ready'
  | 'refund_exceeds_payment'
  | 'shipping_address_missing'
  | 'shipping_method_unavailable'
  | 'shop_unknown'
  | 'sign_in_overloaded'
  | 'still_used'
  | 'stock_below_zero'
  | 'stock_reserved'
  | 'tax_class_unknown'
  | 'too_many_addresses'
  | 'too_many_hosts'
  | 'too_many_keys'
  | 'too_many_staff'
  | 'unauthorised'
  | 'unavailable'
  | 'unsupported_media_type'
  | 'variant_unavailable'
  | 'version_conflict';
