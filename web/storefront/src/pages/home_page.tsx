import type { Collection, ProductSummary } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { Link } from 'securecart-kit/router';

import { listProducts } from '../api/store';
import { ButtonLink, LoadFailure, Skeleton } from '../components/basics';
import { BoxIcon, CheckIcon, ShieldIcon } from '../components/icons';
import { useCollections } from '../components/layout';
import { ProductGrid } from '../components/product_card';
import { useCurrency } from '../lib/currency';
import { useDescription, usePageTitle } from '../lib/page';
import { presentationOf, useShop } from '../lib/shop';
import { text } from '../text';

const featuredCount = 8;
// Enough to find the featured ones among them.
const pageOfProducts = 100;

export function HomePage() {
  const shop = useShop();
  usePageTitle('');
  useDescription(shop.tagline);
  return (
    <>
      <Hero />
      <Collections />
      <Featured />
      <Promises />
    </>
  );
}

function Hero() {
  const shop = useShop();
  const { hero, hero_alt, headline, intro } = presentationOf(shop);
  return (
    <section className={hero === undefined ? 'hero hero-plain' : 'hero'}>
      {hero !== undefined && (
        <img src={hero} alt={hero_alt ?? ''} width={2400} height={1200} fetchPriority="high" />
      )}
      <div className="hero-words">
        <h1>{headline ?? shop.tagline}</h1>
        {intro !== undefined && <p>{intro}</p>}
        <ButtonLink to="/collections">{text.home.look}</ButtonLink>
      </div>
    </section>
  );
}

function Collections() {
  const { data, error, reload } = useCollections();
  return (
    <section className="page section" aria-labelledby="home-collections">
      <h2 id="home-collections">{text.home.collections}</h2>
      {data === undefined && error !== undefined ? (
        <LoadFailure error={error} retry={() => void reload()} />
      ) : (
        <ul className="tiles">
          {data === undefined
            ? Array.from({ length: 8 }, (_, i) => (
                <li className="tile" key={i}>
                  <Skeleton className="skeleton-fill" />
                </li>
              ))
            : data.items.map((collection) => <Tile key={collection.id} collection={collection} />)}
        </ul>
      )}
    </section>
  );
}

function Tile({ collection }: { collection: Collection }) {
  return (
    <li className="tile">
      <Link to={`/collections/${collection.handle}`}>
        {collection.image !== null && (
          <img src={collection.image} alt="" loading="lazy" width={600} height={600} />
        )}
        <span className="tile-words">
          <span className="tile-title">{collection.title}</span>
          <span className="tile-count">{text.list.count(collection.product_count)}</span>
        </span>
      </Link>
    </li>
  );
}

// Those the shop names, in its order; else the first on the shelf.
function choose(products: ProductSummary[], handles: string[] | undefined): ProductSummary[] {
  const named = (handles ?? []).flatMap(
    (handle) => products.find((product) => product.handle === handle) ?? [],
  );
  return (named.length > 0 ? named : products).slice(0, featuredCount);
}

function Featured() {
  const shop = useShop();
  const currency = useCurrency(shop);
  const { data, error, reload } = useQuery(`home ${currency}`, () =>
    listProducts({ currency, limit: pageOfProducts }),
  );
  const { featured } = presentationOf(shop);
  return (
    <section className="page section" aria-labelledby="home-featured">
      <div className="section-head">
        <h2 id="home-featured">{text.home.featured}</h2>
        <Link to="/collections">{text.home.all}</Link>
      </div>
      {data === undefined && error !== undefined ? (
        <LoadFailure error={error} retry={() => void reload()} />
      ) : (
        <ProductGrid products={data && choose(data.items, featured)} currency={currency} eager={0} />
      )}
    </section>
  );
}

function Promises() {
  const icons = [<ShieldIcon key="0" />, <CheckIcon key="1" />, <BoxIcon key="2" />];
  return (
    <section className="promises">
      <ul className="page">
        {text.home.promises.map(({ title, body }, i) => (
          <li key={title}>
            {icons[i]}
            <h2>{title}</h2>
            <p>{body}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
