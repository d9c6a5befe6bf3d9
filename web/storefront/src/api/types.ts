// The shapes of /v1/store, as api/schemas has them. Money is integer minor units of the currency
// beside it.

export interface Image {
  src: string;
  alt: string;
}

export interface Shop {
  id: string;
  name: string;
  tagline: string;
  currencies: string[];
  default_currency: string;
  countries: string[];
  home_country: string;
  prices_include_tax: boolean;
  tax_included_in: Record<string, boolean>; // by country, where it is otherwise
  contact_email: string;
  presentation: Record<string, unknown>;
  test_payments: boolean;
}

export interface List<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Price {
  currency: string;
  amount: number;
  compare_at: number | null;
}

export interface ProductSummary {
  id: string;
  handle: string;
  title: string;
  vendor: string;
  type: string;
  tags: string[];
  image: Image | null;
  price: Price & { varies: boolean };
  available: boolean;
}

export interface Variant {
  id: string;
  title: string;
  option_values: string[];
  sku: string;
  price: Price;
  image_id: string | null;
  available: boolean;
  // Null when it is not counted, or sold beyond the stock.
  quantity_available: number | null;
  backorder: boolean;
  requires_shipping: boolean;
  grams: number;
}

export interface Product {
  id: string;
  handle: string;
  title: string;
  description: string; // HTML of a safe subset
  vendor: string;
  type: string;
  tags: string[];
  options: { name: string; values: string[] }[];
  images: { id: string; src: string; alt: string; position: number }[];
  variants: Variant[];
  collections: { handle: string; title: string }[];
  seo: { title: string; description: string };
}

export interface Collection {
  id: string;
  handle: string;
  title: string;
  description: string; // HTML
  image: string | null;
  product_count: number;
}

export interface Address {
  name: string;
  company?: string | null;
  line1: string;
  line2?: string | null;
  city: string;
  postal_code: string;
  province?: string | null;
  country: string;
  phone?: string | null;
}

export interface TaxLine {
  name: string;
  basis_points: number;
  amount: number;
}

export interface Totals {
  subtotal: number;
  shipping: number;
  tax: number;
  total: number;
  tax_included: boolean;
  tax_lines: TaxLine[];
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
  available: boolean;
  quantity_available: number | null;
  requires_shipping: boolean;
}

export interface ShippingChoice {
  id: string;
  name: string;
  amount: number;
}

export type Missing = 'lines' | 'email' | 'shipping_address' | 'shipping_method_id';

export interface Cart {
  id: string;
  currency: string;
  email: string;
  customer_id: string | null;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method: ShippingChoice | null;
  lines: CartLine[];
  totals: Totals;
  requires_shipping: boolean;
  ready: { complete: boolean; missing: Missing[] };
  problems: { line_id: string; code: 'variant_unavailable' | 'out_of_stock'; detail: string }[];
  status: 'open' | 'completed';
  order_id: string | null;
  version: number;
}

export interface CartUpdate {
  currency?: string;
  email?: string | null;
  shipping_address?: Address | null;
  billing_address?: Address | null;
  shipping_method_id?: string | null;
}

export interface ShippingMethod {
  id: string;
  name: string;
  description: string;
  amount: number;
  currency: string;
}

export interface PaymentInput {
  provider: 'test';
  method: string;
}

export interface Completion {
  payment: PaymentInput;
  expected_total: number;
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

export interface OrderPayment {
  id: string;
  attempt: number;
  provider: string;
  method: string;
  status: 'pending' | 'requires_action' | 'captured' | 'declined' | 'unknown' | 'cancelled';
  action_url: string | null;
  failure: string | null;
}

export interface Fulfilment {
  id: string;
  lines: { line_id: string; quantity: number }[];
  carrier: string;
  tracking_number: string;
  tracking_url: string;
  at: string;
}

export interface HistoryEntry {
  at: string;
  kind:
    | 'placed'
    | 'payment_captured'
    | 'payment_declined'
    | 'payment_requires_action'
    | 'payment_requested'
    | 'cancelled'
    | 'fulfilled'
    | 'refund_requested'
    | 'refunded'
    | 'refund_failed';
  detail: Record<string, unknown>;
}

export type PaymentStatus =
  | 'pending'
  | 'requires_action'
  | 'paid'
  | 'declined'
  | 'partially_refunded'
  | 'refunded'
  | 'voided';

export type OrderStatus = 'placed' | 'completed' | 'cancelled';
export type FulfilmentStatus = 'unfulfilled' | 'partially_fulfilled' | 'fulfilled';

export interface Order {
  id: string;
  number: string;
  status: OrderStatus;
  payment_status: PaymentStatus;
  fulfilment_status: FulfilmentStatus;
  email: string;
  currency: string;
  lines: OrderLine[];
  totals: Totals & { refunded: number };
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method: ShippingChoice | null;
  payment: OrderPayment | null;
  fulfilments: Fulfilment[];
  history: HistoryEntry[];
  placed_at: string;
  version: number;
}

export interface OrderSummary {
  id: string;
  number: string;
  status: OrderStatus;
  payment_status: PaymentStatus;
  fulfilment_status: FulfilmentStatus;
  email: string;
  currency: string;
  total: number;
  placed_at: string;
}

export interface Customer {
  id: string;
  email: string;
  name: string;
  created_at: string;
}

export interface CustomerSession {
  customer: Customer;
  session: { token: string; expires_at: string };
}

export interface CustomerAddress extends Address {
  id: string;
  created_at: string;
}
