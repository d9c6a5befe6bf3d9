// A product with its variants, prices, pictures and collections.

import { useState, type FormEvent } from 'react';
import type {
  AdminCollectionLink,
  AdminProduct,
  AdminVariant,
  PriceInput,
  ProductImage,
  VariantInput,
} from 'securecart-client';
import { forgetQueries, remember, useQuery } from 'securecart-kit/query';
import { Link, navigate } from 'securecart-kit/router';

import { admin } from '../api';
import {
  ActionButton,
  AreaField,
  Badge,
  Button,
  Check,
  Failure,
  FormDialog,
  Loaded,
  PageHead,
  Panel,
  SelectField,
  Table,
  TextField,
} from '../components/basics';
import { ConflictDialog, SaveBar } from '../components/conflict';
import { useEditor } from '../lib/editor';
import { money, moneyText, parseMoney, parseWhole, words } from '../lib/format';
import { useShop } from '../lib/shop';
import { states } from './products_page';

const keyOf = (id: string) => `product ${id}`;

export function ProductPage({ id }: { id: string }) {
  const product = useQuery(keyOf(id), () => admin.adminGetProduct({ product_id: id }));
  return <Loaded of={product}>{(data) => <Product product={data} />}</Loaded>;
}

// What every change of the product leaves behind.
function keep(product: AdminProduct): void {
  remember(keyOf(product.id), product);
  forgetQueries('products ');
}

const reread = async (id: string): Promise<void> =>
  keep(await admin.adminGetProduct({ product_id: id }));

function Product({ product }: { product: AdminProduct }) {
  const [archiving, setArchiving] = useState(false);
  return (
    <>
      <PageHead
        title={product.title}
        back={{ to: '/admin/products', name: 'Products' }}
        badges={<Badge state={product.status} />}
      >
        {product.status === 'published' && (
          <a
            className="button button-quiet"
            href={`/products/${encodeURIComponent(product.handle)}`}
            target="_blank"
            rel="noreferrer"
          >
            See it in the shop
          </a>
        )}
        {product.status !== 'archived' && (
          <Button kind="danger" onClick={() => setArchiving(true)}>
            Archive
          </Button>
        )}
      </PageHead>
      <div className="columns columns-wide">
        <div>
          <Words product={product} />
          <Variants product={product} />
        </div>
        <div>
          <Pictures product={product} />
          <Collections product={product} />
        </div>
      </div>
      {archiving && (
        <FormDialog
          title="Archive this product?"
          action="Archive"
          danger
          reread={() => reread(product.id)}
          onClose={() => setArchiving(false)}
          run={async () => {
            await admin.archiveProduct({ product_id: product.id, if_match: product.version });
            forgetQueries('product');
            navigate('/admin/products');
          }}
        >
          <p>It leaves the shop. Orders that hold it stay as they are.</p>
        </FormDialog>
      )}
    </>
  );
}

const names = {
  title: 'Title',
  description: 'Description',
  vendor: 'Vendor',
  type: 'Type',
  tags: 'Tags',
  handle: 'Handle',
  status: 'State',
  seo: 'For search engines',
};

function Words({ product }: { product: AdminProduct }) {
  const editor = useEditor({
    entity: product,
    values: ({ title, description, vendor, type, tags, handle, status, seo }: AdminProduct) => ({
      title,
      description,
      vendor,
      type,
      tags,
      handle,
      status,
      seo,
    }),
    save: (body, if_match) => admin.updateProduct({ product_id: product.id, if_match, body }),
    reread: () => admin.adminGetProduct({ product_id: product.id }),
    onSaved: keep,
  });
  const { draft, set } = editor;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <form onSubmit={submit}>
      <Panel title="Words">
        <div className="fields">
          <TextField label={names.title} value={draft.title} onText={(title) => set({ title })} />
          <AreaField
            label={names.description}
            hint="HTML of a safe subset: paragraphs, lists, links, emphasis."
            rows={7}
            value={draft.description}
            onText={(description) => set({ description })}
          />
          <TextField
            label={names.vendor}
            className="field-half"
            value={draft.vendor}
            onText={(vendor) => set({ vendor })}
          />
          <TextField
            label={names.type}
            className="field-half"
            value={draft.type}
            onText={(type) => set({ type })}
          />
          <TagsField
            label={names.tags}
            value={draft.tags}
            onTags={(tags) => set({ tags })}
          />
          <SelectField
            label={names.status}
            className="field-half"
            value={draft.status}
            choices={states.map((one) => [one, words(one)] as const)}
            onText={(status) => set({ status: status as AdminProduct['status'] })}
          />
          <TextField
            label={names.handle}
            className="field-half"
            hint="The end of its address in the shop."
            value={draft.handle}
            onText={(handle) => set({ handle })}
          />
          <TextField
            label="Title for search engines"
            value={draft.seo.title}
            placeholder={draft.title}
            onText={(title) => set({ seo: { ...draft.seo, title } })}
          />
          <TextField
            label="Description for search engines"
            value={draft.seo.description}
            onText={(description) => set({ seo: { ...draft.seo, description } })}
          />
        </div>
        <Failure error={editor.error} />
        <SaveBar editor={editor} />
      </Panel>
      <ConflictDialog editor={editor} names={names} />
    </form>
  );
}

// Commas between them; what is being typed stays as it is typed.
function TagsField({
  label,
  value,
  onTags,
}: {
  label: string;
  value: string[];
  onTags: (tags: string[]) => void;
}) {
  const split = (text: string) =>
    text
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '');
  const [text, setText] = useState(value.join(', '));
  const shown = split(text).join() === value.join() ? text : value.join(', ');
  return (
    <TextField
      label={label}
      hint="With commas between them."
      value={shown}
      onText={(next) => {
        setText(next);
        onTags(split(next));
      }}
    />
  );
}

function Variants({ product }: { product: AdminProduct }) {
  const { shop } = useShop();
  const [editing, setEditing] = useState<AdminVariant | 'new' | null>(null);
  const [removing, setRemoving] = useState<AdminVariant | null>(null);
  return (
    <Panel
      title="Variants and prices"
      tools={<Button onClick={() => setEditing('new')}>Add a variant</Button>}
    >
      <Table
        label="Variants"
        items={product.variants}
        keyOf={({ id }) => id}
        empty="No variants."
        columns={[
          {
            name: 'Variant',
            cell: (variant) => (
              <Button kind="link" onClick={() => setEditing(variant)}>
                {variantName(product, variant)}
              </Button>
            ),
          },
          { name: 'SKU', cell: (variant) => variant.sku },
          ...shop.currencies.map((currency) => ({
            name: currency,
            numeric: true,
            cell: (variant: AdminVariant) => priceIn(variant, currency),
          })),
          {
            name: 'Stock',
            cell: (variant) =>
              variant.inventory_item_id === null ? (
                <span className="soft">Not counted</span>
              ) : (
                <Link to={`/admin/stock/${variant.inventory_item_id}`}>See stock</Link>
              ),
          },
          {
            name: 'Remove',
            hidden: true,
            cell: (variant) =>
              product.variants.length > 1 && (
                <Button
                  kind="link"
                  aria-label={`Remove ${variantName(product, variant)}`}
                  onClick={() => setRemoving(variant)}
                >
                  Remove
                </Button>
              ),
          },
        ]}
      />
      {editing !== null && (
        <VariantDialog
          product={product}
          variant={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
      {removing !== null && (
        <FormDialog
          title={`Remove ${variantName(product, removing)}?`}
          action="Remove"
          danger
          reread={() => reread(product.id)}
          onClose={() => setRemoving(null)}
          run={async () =>
            keep(
              await admin.deleteVariant({
                product_id: product.id,
                variant_id: removing.id,
                if_match: product.version,
              }),
            )
          }
        >
          <p>It leaves the shop. Orders that hold it stay as they are.</p>
        </FormDialog>
      )}
    </Panel>
  );
}

const variantName = (product: AdminProduct, variant: AdminVariant) =>
  product.options.length === 0
    ? 'The only one'
    : variant.option_values.join(', ') || variant.title;

function priceIn(variant: AdminVariant, currency: string): string {
  const price = variant.prices.find((one) => one.currency === currency);
  return price === undefined ? '–' : money(price.amount, currency);
}

interface PriceText {
  amount: string;
  compareAt: string;
}

function pricesOf(texts: Record<string, PriceText>): PriceInput[] | string {
  const prices: PriceInput[] = [];
  for (const [currency, { amount, compareAt }] of Object.entries(texts)) {
    if (amount.trim() === '') {
      continue;
    }
    const price = parseMoney(amount, currency);
    const before = compareAt.trim() === '' ? null : parseMoney(compareAt, currency);
    if (price === null || (compareAt.trim() !== '' && before === null)) {
      return `The price in ${currency} is not an amount.`;
    }
    prices.push({ currency, amount: price, compare_at: before });
  }
  return prices.length === 0 ? 'A variant needs a price in at least one currency.' : prices;
}

function VariantDialog({
  product,
  variant,
  onClose,
}: {
  product: AdminProduct;
  variant: AdminVariant | null;
  onClose: () => void;
}) {
  const { shop } = useShop();
  const [form, setForm] = useState({
    option_values: variant?.option_values ?? product.options.map(() => ''),
    sku: variant?.sku ?? '',
    barcode: variant?.barcode ?? '',
    grams: String(variant?.grams ?? 0),
    requires_shipping: variant?.requires_shipping ?? true,
    taxable: variant?.taxable ?? true,
    track_stock: variant?.track_stock ?? true,
    backorder: variant?.backorder ?? false,
  });
  const currencies = [
    ...new Set([...shop.currencies, ...(variant?.prices ?? []).map(({ currency }) => currency)]),
  ];
  const [prices, setPrices] = useState<Record<string, PriceText>>(
    Object.fromEntries(
      currencies.map((currency) => {
        const price = variant?.prices.find((one) => one.currency === currency);
        const before = price?.compare_at ?? null;
        return [
          currency,
          {
            amount: price === undefined ? '' : moneyText(price.amount, currency),
            compareAt: before === null ? '' : moneyText(before, currency),
          },
        ];
      }),
    ),
  );
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const setPrice = (currency: string, change: Partial<PriceText>) =>
    setPrices({
      ...prices,
      [currency]: { ...(prices[currency] ?? { amount: '', compareAt: '' }), ...change },
    });
  const run = async () => {
    const parsed = pricesOf(prices);
    const grams = parseWhole(form.grams);
    if (typeof parsed === 'string') {
      throw new Error(parsed);
    }
    if (grams === null || grams < 0) {
      throw new Error('The weight is a whole number of grams.');
    }
    const body: VariantInput = { ...form, grams, prices: parsed };
    const at = { product_id: product.id, if_match: product.version };
    keep(
      variant === null
        ? await admin.createVariant({ ...at, body })
        : await admin.updateVariant({ ...at, variant_id: variant.id, body }),
    );
  };
  return (
    <FormDialog
      title={variant === null ? 'New variant' : `Variant: ${variantName(product, variant)}`}
      action="Save"
      wide
      run={run}
      reread={() => reread(product.id)}
      onClose={onClose}
    >
      <div className="fields">
        {product.options.map((option, i) => (
          <TextField
            key={option.name}
            className="field-half"
            label={option.name}
            value={form.option_values[i] ?? ''}
            onText={(value) =>
              set({ option_values: form.option_values.map((old, j) => (i === j ? value : old)) })
            }
          />
        ))}
        {currencies.map((currency) => (
          <div key={currency} className="pair">
            <TextField
              label={`Price (${currency})`}
              inputMode="decimal"
              value={prices[currency]?.amount ?? ''}
              onText={(amount) => setPrice(currency, { amount })}
            />
            <TextField
              label={`Before (${currency})`}
              inputMode="decimal"
              value={prices[currency]?.compareAt ?? ''}
              onText={(compareAt) => setPrice(currency, { compareAt })}
            />
          </div>
        ))}
        <TextField
          label="SKU"
          className="field-half"
          value={form.sku}
          onText={(sku) => set({ sku })}
        />
        <TextField
          label="Barcode"
          className="field-half"
          value={form.barcode}
          onText={(barcode) => set({ barcode })}
        />
        <TextField
          label="Weight in grams"
          inputMode="numeric"
          className="field-half"
          value={form.grams}
          onText={(grams) => set({ grams })}
        />
        <div className="checks">
          <Check
            label="Needs to be sent"
            checked={form.requires_shipping}
            onCheck={(requires_shipping) => set({ requires_shipping })}
          />
          <Check
            label="Is taxed"
            checked={form.taxable}
            onCheck={(taxable) => set({ taxable })}
          />
          <Check
            label="Its stock is counted"
            checked={form.track_stock}
            onCheck={(track_stock) => set({ track_stock })}
          />
          <Check
            label="Is sold beyond the stock"
            checked={form.backorder}
            onCheck={(backorder) => set({ backorder })}
          />
        </div>
      </div>
    </FormDialog>
  );
}

function Pictures({ product }: { product: AdminProduct }) {
  const [editing, setEditing] = useState<ProductImage | 'new' | null>(null);
  const at = { product_id: product.id, if_match: product.version };
  return (
    <Panel title="Pictures" tools={<Button onClick={() => setEditing('new')}>Add a picture</Button>}>
      {product.images.length === 0 && <p className="empty">No pictures yet.</p>}
      <ul className="pictures">
        {product.images.map((image, i) => (
          <li key={image.id}>
            <img src={image.src} alt={image.alt} width={72} height={72} loading="lazy" />
            <div>
              <p>{image.alt || <span className="soft">No description</span>}</p>
              <p className="row">
                <Button
                  kind="link"
                  aria-label={`Change picture ${i + 1}`}
                  onClick={() => setEditing(image)}
                >
                  Change
                </Button>
                {i > 0 && (
                  <ActionButton
                    kind="link"
                    aria-label={`Put first: picture ${i + 1}`}
                    run={async () =>
                      keep(await admin.updateImage({ ...at, image_id: image.id, body: { position: 1 } }))
                    }
                  >
                    Put first
                  </ActionButton>
                )}
                <ActionButton
                  kind="link"
                  aria-label={`Remove picture ${i + 1}`}
                  run={async () => keep(await admin.deleteImage({ ...at, image_id: image.id }))}
                >
                  Remove
                </ActionButton>
              </p>
            </div>
          </li>
        ))}
      </ul>
      {editing !== null && (
        <PictureDialog
          product={product}
          image={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
    </Panel>
  );
}

function PictureDialog({
  product,
  image,
  onClose,
}: {
  product: AdminProduct;
  image: ProductImage | null;
  onClose: () => void;
}) {
  const [src, setSrc] = useState(image?.src ?? '');
  const [alt, setAlt] = useState(image?.alt ?? '');
  const run = async () => {
    const at = { product_id: product.id, if_match: product.version };
    const body = { src: src.trim(), alt: alt.trim() };
    keep(
      image === null
        ? await admin.createImage({ ...at, body })
        : await admin.updateImage({ ...at, image_id: image.id, body }),
    );
  };
  return (
    <FormDialog
      title={image === null ? 'Add a picture' : 'Change the picture'}
      action="Save"
      run={run}
      reread={() => reread(product.id)}
      onClose={onClose}
    >
      <TextField
        label="Address"
        hint="https://… or a path on this host."
        value={src}
        onText={setSrc}
      />
      <TextField
        label="Description"
        hint="What to say where it cannot be seen."
        value={alt}
        onText={setAlt}
      />
    </FormDialog>
  );
}

function Collections({ product }: { product: AdminProduct }) {
  const all = useQuery('collections', () => admin.adminListCollections({ limit: 100 }));
  const [failure, setFailure] = useState<unknown>(null);
  // While a change is on its way the tick shows already.
  const [wanted, setWanted] = useState<Record<string, boolean>>({});
  const inside = new Set(product.collections.map(({ id }) => id));
  const change = async (collection: AdminCollectionLink, into: boolean) => {
    setFailure(null);
    setWanted((now) => ({ ...now, [collection.id]: into }));
    const at = { collection_id: collection.id, product_id: product.id };
    try {
      await (into ? admin.putCollectionProduct(at) : admin.deleteCollectionProduct(at));
      keep(await admin.adminGetProduct({ product_id: product.id }));
    } catch (error) {
      setFailure(error);
    } finally {
      setWanted(({ [collection.id]: _, ...others }) => others);
    }
  };
  return (
    <Panel title="Collections">
      <Loaded of={all}>
        {({ items }) => (
          <ul className="plain">
            {items.map((collection) => (
              <li key={collection.id}>
                <Check
                  label={collection.title}
                  checked={wanted[collection.id] ?? inside.has(collection.id)}
                  onCheck={(into) => void change(collection, into)}
                />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <Failure error={failure} />
    </Panel>
  );
}

export function NewProductPage() {
  const { shop } = useShop();
  const [form, setForm] = useState({ title: '', vendor: '', type: '', sku: '', price: '' });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const currency = shop.default_currency;
  const field = (name: keyof typeof form) => ({
    value: form[name],
    onText: (text: string) => setForm({ ...form, [name]: text }),
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const amount = parseMoney(form.price, currency);
    if (form.title.trim() === '' || amount === null) {
      setError(new Error(`A product needs a title and a price in ${currency}.`));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const { title, vendor, type, sku } = form;
      const product = await admin.createProduct({
        body: {
          title: title.trim(),
          vendor: vendor.trim(),
          type: type.trim(),
          status: 'draft',
          variants: [{ sku: sku.trim(), prices: [{ currency, amount }] }],
        },
      });
      keep(product);
      navigate(`/admin/products/${product.id}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <PageHead title="New product" back={{ to: '/admin/products', name: 'Products' }} />
      <Panel className="narrow">
        <p className="soft">
          It begins as a draft that only the admin sees. Pictures, more variants and other currencies
          come next.
        </p>
        <div className="fields">
          <TextField label="Title" {...field('title')} />
          <TextField label="Vendor" className="field-half" {...field('vendor')} />
          <TextField label="Type" className="field-half" {...field('type')} />
          <TextField
            label={`Price (${currency})`}
            inputMode="decimal"
            className="field-half"
            {...field('price')}
          />
          <TextField label="SKU" className="field-half" {...field('sku')} />
        </div>
        <Failure error={error} />
        <p className="row-end">
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? 'One moment…' : 'Make the product'}
          </Button>
        </p>
      </Panel>
    </form>
  );
}
