import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { Problem, type Product, type Variant } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { Link, navigate, usePlace } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import { getProduct, listProducts, listRecommendations } from '../api/store';
import { Button, LoadFailure, Notice, Price, Skeleton, Stepper } from '../components/basics';
import { ProductGrid } from '../components/product_card';
import { addToCart, cartState, drawerOpen } from '../lib/cart';
import { useCurrency } from '../lib/currency';
import { useDescription, usePageTitle } from '../lib/page';
import { pricesIncludeTax, useShop } from '../lib/shop';
import { choose, findVariant, firstChoice, offerOf, type Choice } from '../lib/variants';
import { explain, weight } from '../lib/words';
import { text } from '../text';
import { NotFoundPage } from './not_found_page';

const scarce = 5; // from here on we say how many are left
const mostAtOnce = 99;

export function ProductPage({ handle }: { handle: string }) {
  const currency = useCurrency(useShop());
  const { data, error, reload } = useQuery(`product ${handle} ${currency}`, () =>
    getProduct(handle, currency),
  );
  // While another currency is being read the page stays as it was.
  const last = useRef(data);
  last.current = data ?? last.current;
  const product = last.current;
  usePageTitle(product && (product.seo.title || product.title));
  useDescription(product?.seo.description);
  if (product !== undefined) {
    return <Loaded product={product} currency={currency} />;
  }
  if (error instanceof Problem && error.status === 404) {
    return <NotFoundPage />;
  }
  return error !== undefined ? (
    <div className="page">
      <LoadFailure error={error} retry={() => void reload()} />
    </div>
  ) : (
    <ProductSkeleton />
  );
}

function ProductSkeleton() {
  return (
    <div className="page product" role="status" aria-label={text.loading}>
      <div className="gallery">
        <div className="gallery-main">
          <Skeleton className="skeleton-fill" />
        </div>
      </div>
      <div className="product-words">
        <Skeleton className="skeleton-title" />
        <Skeleton className="skeleton-line skeleton-short" />
        <Skeleton className="skeleton-block" />
      </div>
    </div>
  );
}

function Loaded({ product, currency }: { product: Product; currency: string }) {
  const { path, query } = usePlace();
  const choice = useMemo(
    () => firstChoice(product, query.get('variant')),
    // A new choice is a new query.
    [product, query],
  );
  const variant = findVariant(product, choice);
  const pick = (next: Choice) => {
    const id = findVariant(product, next)?.id;
    navigate(id === undefined ? path : `${path}?variant=${id}`, { replace: true });
  };
  return (
    <>
      <div className="page product">
        <Gallery product={product} shown={variant?.image_id ?? null} />
        <div className="product-words">
          <header>
            {product.vendor !== '' && <p className="eyebrow">{product.vendor}</p>}
            <h1>{product.title}</h1>
            <PriceLine variant={variant} />
          </header>
          {product.options.map((option, i) => (
            <Option
              key={option.name}
              product={product}
              choice={choice}
              index={i}
              onChoose={(value) => pick(choose(product, choice, i, value))}
            />
          ))}
          <Buy key={variant?.id} product={product} variant={variant} currency={currency} />
          {/* Cleaned by the server when the merchant saved it (shop/catalog/sanitise_html). */}
          <div className="prose" dangerouslySetInnerHTML={{ __html: product.description }} />
          <Details product={product} variant={variant} />
        </div>
      </div>
      <Related product={product} currency={currency} />
    </>
  );
}

function PriceLine({ variant }: { variant: Variant | undefined }) {
  const shop = useShop();
  const { cart } = useSignal(cartState);
  if (variant === undefined) {
    return null;
  }
  const { amount, currency, compare_at } = variant.price;
  // The cart knows where it goes.
  const included = cart?.totals.tax_included ?? pricesIncludeTax(shop);
  return (
    <p className="product-price" aria-live="polite">
      <Price amount={amount} currency={currency} compareAt={compare_at} />
      <span className="soft small">
        {included ? text.product.withTax : text.product.withoutTax}{' '}
        {variant.requires_shipping ? text.product.shipping : text.product.digital}
      </span>
    </p>
  );
}

function Gallery({ product, shown }: { product: Product; shown: string | null }) {
  const [picked, setPicked] = useState<string | null>(null);
  // Another variant shows its own picture.
  useEffect(() => setPicked(null), [shown]);
  const { images } = product;
  const current =
    images.find((image) => image.id === (picked ?? shown)) ?? images[0];
  return (
    <section className="gallery" aria-label={text.product.pictures}>
      <div className="gallery-main">
        {current !== undefined && (
          <img
            key={current.id}
            src={current.src}
            alt={current.alt}
            width={1200}
            height={1200}
            fetchPriority="high"
          />
        )}
      </div>
      {images.length > 1 && (
        <ul className="gallery-thumbs">
          {images.map((image, i) => (
            <li key={image.id}>
              <button
                type="button"
                aria-label={text.product.picture(i + 1, images.length)}
                aria-pressed={image.id === current?.id}
                onClick={() => setPicked(image.id)}
              >
                <img src={image.src} alt="" width={120} height={120} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Option({
  product,
  choice,
  index,
  onChoose,
}: {
  product: Product;
  choice: Choice;
  index: number;
  onChoose: (value: string) => void;
}) {
  const name = useId();
  const option = product.options[index];
  if (option === undefined) {
    return null;
  }
  const words = { available: null, sold_out: text.product.unavailableValue, missing: text.product.missingValue };
  return (
    <fieldset className="option">
      <legend>
        {option.name}: <span className="option-chosen">{choice[index]}</span>
      </legend>
      <div className="option-values">
        {option.values.map((value) => {
          const offer = offerOf(product, choice, index, value);
          return (
            <label key={value} className="option-value" data-offer={offer}>
              <input
                type="radio"
                name={name}
                value={value}
                checked={choice[index] === value}
                aria-label={words[offer]?.(value)}
                onChange={() => onChoose(value)}
              />
              <span>{value}</span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function Stock({ product, variant }: { product: Product; variant: Variant }) {
  const left = variant.quantity_available;
  if (!variant.available) {
    const named = product.variants.length > 1 && variant.title !== '';
    return (
      <p className="stock stock-out">
        {named
          ? text.product.soldOutCombination(variant.option_values.join(', '))
          : text.product.soldOut}
      </p>
    );
  }
  if (variant.backorder) {
    return <p className="stock stock-backorder">{text.product.backorder}</p>;
  }
  return left !== null && left <= scarce ? (
    <p className="stock stock-scarce">{text.product.left(left)}</p>
  ) : (
    <p className="stock stock-good">{text.product.inStock}</p>
  );
}

function Buy({
  product,
  variant,
  currency,
}: {
  product: Product;
  variant: Variant | undefined;
  currency: string;
}) {
  const [quantity, setQuantity] = useState(1);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { cart } = useSignal(cartState);
  if (variant === undefined) {
    return null;
  }
  const held = cart?.lines.find((line) => line.variant_id === variant.id)?.quantity ?? 0;
  const most = Math.min(variant.quantity_available ?? mostAtOnce, mostAtOnce) - held;
  const add = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await addToCart(variant.id, quantity, currency);
      setQuantity(1);
      drawerOpen.set(true);
    } catch (error) {
      setFailure(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="buy">
      <Stock product={product} variant={variant} />
      {variant.available && most > 0 && (
        <div className="buy-row">
          <Stepper
            value={Math.min(quantity, most)}
            most={most}
            label={text.product.quantity}
            less={text.cart.less(product.title)}
            more={text.cart.plus(product.title)}
            onChange={setQuantity}
          />
          <Button busy={busy} onClick={() => void add()}>
            {busy ? text.product.adding : text.product.add}
          </Button>
        </div>
      )}
      {variant.available && most <= 0 && (
        <>
          <p className="soft">{text.product.enough(held)}</p>
          <Button kind="quiet" onClick={() => drawerOpen.set(true)}>
            {text.cart.view}
          </Button>
        </>
      )}
      {!variant.available && (
        <Button aria-disabled busy>
          {text.product.soldOut}
        </Button>
      )}
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
    </div>
  );
}

function Details({ product, variant }: { product: Product; variant: Variant | undefined }) {
  return (
    <dl className="details">
      {product.vendor !== '' && (
        <div>
          <dt>{text.product.by}</dt>
          <dd>{product.vendor}</dd>
        </div>
      )}
      {variant !== undefined && variant.grams > 0 && (
        <div>
          <dt>{text.product.weight}</dt>
          <dd>{weight(variant.grams)}</dd>
        </div>
      )}
      {variant !== undefined && variant.sku !== '' && (
        <div>
          <dt>{text.product.sku}</dt>
          <dd>{variant.sku}</dd>
        </div>
      )}
      {product.collections.length > 0 && (
        <div>
          <dt>{text.product.alsoIn}</dt>
          <dd className="details-links">
            {product.collections.map(({ handle, title }) => (
              <Link key={handle} to={`/collections/${handle}`}>
                {title}
              </Link>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

// What was bought together with it; as long as nothing was, its neighbours in the collection.
function Related({ product, currency }: { product: Product; currency: string }) {
  const collection = product.collections[0]?.handle;
  const bought = useQuery(`bought with ${product.handle} ${currency}`, () =>
    listRecommendations(product.handle, currency),
  );
  const nothing =
    bought.error !== undefined || (bought.data !== undefined && bought.data.items.length === 0);
  const near = useQuery(
    !nothing || collection === undefined ? null : `related ${collection} ${currency}`,
    () => listProducts({ collection, currency, limit: 8 }),
  );
  const found = (nothing ? near.data : bought.data)?.items ?? [];
  const others = found.filter((other) => other.id !== product.id).slice(0, 4);
  if (others.length === 0) {
    return null;
  }
  return (
    <section className="page section" aria-labelledby="related">
      <h2 id="related">{text.product.related}</h2>
      <ProductGrid products={others} currency={currency} eager={0} />
    </section>
  );
}
