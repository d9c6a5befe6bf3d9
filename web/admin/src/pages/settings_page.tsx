import { useState, type FormEvent } from 'react';
import type {
  AdminShop,
  PaymentProvider,
  ShippingZone,
  ShippingZoneInput,
  TaxClass,
} from 'securecart-client';
import { remember, useQuery } from 'securecart-kit/query';
import { Link } from 'securecart-kit/router';

import { admin } from '../api';
import {
  ActionButton,
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
import { countryName, money, moneyText, parseMoney, percent } from '../lib/format';
import { useShop } from '../lib/shop';
import { useVersion } from '../lib/version';

const sections = [
  ['general', 'General'],
  ['taxes', 'Taxes'],
  ['shipping', 'Shipping'],
  ['payments', 'Payments'],
  ['hosts', 'Hosts'],
] as const;

export function SettingsPage({ section }: { section: string }) {
  return (
    <>
      <PageHead title="Settings" />
      <nav className="tabs" aria-label="Settings">
        <ul>
          {sections.map(([id, name]) => (
            <li key={id}>
              <Link
                to={id === 'general' ? '/admin/settings' : `/admin/settings/${id}`}
                aria-current={section === id ? 'page' : undefined}
              >
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {section === 'general' && <General />}
      {section === 'taxes' && <Taxes />}
      {section === 'shipping' && <Shipping />}
      {section === 'payments' && <Payments />}
      {section === 'hosts' && <Hosts />}
    </>
  );
}

// "EUR, GBP" <-> ["EUR", "GBP"]
const codes = (text: string): string[] =>
  text
    .toUpperCase()
    .split(/[\s,]+/)
    .filter((code) => code !== '');

function General() {
  const shop = useQuery('shop settings', () => admin.getShopSettings());
  return <Loaded of={shop}>{(data) => <GeneralForm shop={data} />}</Loaded>;
}

const names = {
  name: 'Name',
  tagline: 'Tagline',
  contact_email: 'E-mail for shoppers',
  currencies: 'Currencies',
  default_currency: 'Own currency',
  countries: 'Countries it sells to',
  home_country: 'Home country',
  prices_include_tax: 'Prices include tax',
};

function GeneralForm({ shop }: { shop: AdminShop }) {
  const editor = useEditor({
    entity: shop,
    values: (one: AdminShop) => ({
      name: one.name,
      tagline: one.tagline,
      contact_email: one.contact_email,
      currencies: one.currencies.join(', '),
      default_currency: one.default_currency,
      countries: one.countries.join(', '),
      home_country: one.home_country,
      prices_include_tax: one.prices_include_tax,
    }),
    save: ({ currencies, countries, ...body }, if_match) =>
      admin.updateShopSettings({
        if_match,
        body: {
          ...body,
          ...(currencies === undefined ? {} : { currencies: codes(currencies) }),
          ...(countries === undefined ? {} : { countries: codes(countries) }),
        },
      }),
    reread: () => admin.getShopSettings(),
    onSaved: (saved) => remember('shop settings', saved),
  });
  const { draft, set } = editor;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <form className="narrow" onSubmit={submit}>
      <Panel title="General">
        <div className="fields">
          <TextField label={names.name} value={draft.name} onText={(name) => set({ name })} />
          <TextField
            label={names.tagline}
            value={draft.tagline}
            onText={(tagline) => set({ tagline })}
          />
          <TextField
            label={names.contact_email}
            type="email"
            value={draft.contact_email}
            onText={(contact_email) => set({ contact_email })}
          />
          <TextField
            label={names.currencies}
            className="field-half"
            hint="Codes with commas between them."
            value={draft.currencies}
            onText={(currencies) => set({ currencies })}
          />
          <TextField
            label={names.default_currency}
            className="field-half"
            value={draft.default_currency}
            onText={(default_currency) => set({ default_currency })}
          />
          <TextField
            label={names.countries}
            hint={codes(draft.countries).filter(isCode).map(countryName).join(', ')}
            value={draft.countries}
            onText={(countries) => set({ countries })}
          />
          <TextField
            label={names.home_country}
            className="field-half"
            value={draft.home_country}
            onText={(home_country) => set({ home_country: home_country.toUpperCase() })}
          />
          <Check
            label={names.prices_include_tax}
            checked={draft.prices_include_tax}
            onCheck={(prices_include_tax) => set({ prices_include_tax })}
          />
        </div>
        <Failure error={editor.error} />
        <SaveBar editor={editor} />
      </Panel>
      <ConflictDialog editor={editor} names={names} />
    </form>
  );
}

const isCode = (code: string) => /^[A-Z]{2}$/.test(code);

function Taxes() {
  const classes = useQuery('tax classes', () => admin.listTaxClasses());
  const rates = useQuery('tax rates', () => admin.listTaxRates());
  const [adding, setAdding] = useState<'class' | 'rate' | null>(null);
  return (
    <Loaded of={classes}>
      {({ items }) => (
        <>
          <Panel
            title="Tax classes"
            tools={<Button onClick={() => setAdding('class')}>Add a class</Button>}
          >
            <Table
              label="Tax classes"
              items={items}
              keyOf={({ id }) => id}
              empty="No classes: nothing is taxed."
              columns={[
                { name: 'Name', cell: ({ name }) => name },
                {
                  name: 'Used',
                  cell: ({ is_default }) => (is_default ? 'For all that says nothing else' : ''),
                },
                {
                  name: 'Remove',
                  hidden: true,
                  cell: (one) => (
                    <ActionButton
                      kind="link"
                      aria-label={`Remove ${one.name}`}
                      run={() => admin.deleteTaxClass({ tax_class_id: one.id }).then(classes.reload)}
                    >
                      Remove
                    </ActionButton>
                  ),
                },
              ]}
            />
          </Panel>
          <Panel
            title="Rates"
            tools={
              items.length > 0 && <Button onClick={() => setAdding('rate')}>Add a rate</Button>
            }
          >
            <Loaded of={rates}>
              {(data) => (
                <Table
                  label="Tax rates"
                  items={data.items}
                  keyOf={({ id }) => id}
                  empty="No rates yet."
                  columns={[
                    { name: 'Country', cell: ({ country }) => countryName(country) },
                    { name: 'State', cell: ({ province }) => province },
                    { name: 'Name', cell: ({ name }) => name },
                    {
                      name: 'Class',
                      cell: (rate) =>
                        items.find(({ id }) => id === rate.tax_class_id)?.name ?? rate.tax_class_id,
                    },
                    { name: 'Rate', numeric: true, cell: (rate) => percent(rate.basis_points) },
                    {
                      name: 'Remove',
                      hidden: true,
                      cell: (rate) => (
                        <ActionButton
                          kind="link"
                          aria-label={`Remove ${rate.name} of ${countryName(rate.country)}`}
                          run={() => admin.deleteTaxRate({ rate_id: rate.id }).then(rates.reload)}
                        >
                          Remove
                        </ActionButton>
                      ),
                    },
                  ]}
                />
              )}
            </Loaded>
          </Panel>
          {adding === 'class' && (
            <ClassDialog onClose={() => setAdding(null)} reload={classes.reload} />
          )}
          {adding === 'rate' && (
            <RateDialog classes={items} onClose={() => setAdding(null)} reload={rates.reload} />
          )}
        </>
      )}
    </Loaded>
  );
}

interface DialogOf {
  onClose: () => void;
  reload: () => Promise<void>;
}

function ClassDialog({ onClose, reload }: DialogOf) {
  const [name, setName] = useState('');
  const run = async () => {
    await admin.createTaxClass({ body: { name: name.trim() } });
    await reload();
  };
  return (
    <FormDialog title="Add a tax class" action="Add" run={run} onClose={onClose}>
      <TextField label="Name" hint="Such as “Books”." value={name} onText={setName} />
    </FormDialog>
  );
}

function RateDialog({ classes, onClose, reload }: DialogOf & { classes: TaxClass[] }) {
  const [form, setForm] = useState({
    tax_class_id: classes.find(({ is_default }) => is_default)?.id ?? classes[0]?.id ?? '',
    country: '',
    province: '',
    name: '',
    rate: '',
  });
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const run = async () => {
    const match = /^(\d{1,2})(?:[.,](\d{1,2}))?$/.exec(form.rate.trim());
    if (match === null) {
      throw new Error('The rate is a number of percent, such as 19 or 7.25.');
    }
    const { rate: _, ...body } = form;
    const basis_points = Number((match[1] ?? '0') + (match[2] ?? '').padEnd(2, '0'));
    await admin.createTaxRate({ body: { ...body, country: body.country.toUpperCase(), basis_points } });
    await reload();
  };
  return (
    <FormDialog title="Add a rate" action="Add" run={run} onClose={onClose}>
      <SelectField
        label="Class"
        value={form.tax_class_id}
        choices={classes.map(({ id, name }) => [id, name] as const)}
        onText={(tax_class_id) => set({ tax_class_id })}
      />
      <TextField
        label="Country"
        hint="Its code, such as DE."
        value={form.country}
        onText={(country) => set({ country })}
      />
      <TextField
        label="State"
        hint="Where the rate is a state’s own."
        value={form.province}
        onText={(province) => set({ province })}
      />
      <TextField label="Name" hint="As bills show it." value={form.name} onText={(name) => set({ name })} />
      <TextField label="Percent" inputMode="decimal" value={form.rate} onText={(rate) => set({ rate })} />
    </FormDialog>
  );
}

function Shipping() {
  const zones = useQuery('zones', () => admin.listShippingZones());
  const [editing, setEditing] = useState<ShippingZone | 'new' | null>(null);
  const { shop } = useShop();
  return (
    <>
      <Loaded of={zones}>
        {({ items }) => (
          <>
            <p className="row-end">
              <Button onClick={() => setEditing('new')}>Add a zone</Button>
            </p>
            {items.map((zone) => (
              <Panel
                key={zone.id}
                title={zone.name}
                tools={
                  <span className="row">
                    <Button onClick={() => setEditing(zone)}>Change {zone.name}</Button>
                    <ActionButton
                      kind="link"
                      run={() =>
                        admin
                          .deleteShippingZone({ zone_id: zone.id, if_match: zone.version })
                          .finally(zones.reload)
                      }
                    >
                      Remove
                    </ActionButton>
                  </span>
                }
              >
                <p className="soft">
                  {zone.countries.includes('*')
                    ? 'Everywhere else'
                    : zone.countries.map(countryName).join(', ')}
                </p>
                <Table
                  label={`Ways to ${zone.name}`}
                  items={zone.methods.flatMap((method) =>
                    method.bands.map((band, i) => ({ method, band, id: `${method.id} ${i}` })),
                  )}
                  keyOf={({ id }) => id}
                  empty="No way goes there yet."
                  columns={[
                    { name: 'Way', cell: ({ method }) => method.name },
                    {
                      name: 'Up to',
                      cell: ({ band }) =>
                        band.max_grams === null || band.max_grams === undefined
                          ? 'Any weight'
                          : `${band.max_grams / 1000} kg`,
                    },
                    ...shop.currencies.map((currency) => ({
                      name: currency,
                      numeric: true,
                      cell: ({ band }: { band: { prices: Record<string, number> } }) => {
                        const amount = band.prices[currency];
                        return amount === undefined ? '–' : money(amount, currency);
                      },
                    })),
                  ]}
                />
              </Panel>
            ))}
          </>
        )}
      </Loaded>
      {editing !== null && (
        <ZoneDialog
          zone={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          reload={zones.reload}
        />
      )}
    </>
  );
}

interface BandText {
  kilograms: string; // empty: any weight
  prices: Record<string, string>;
}

interface MethodText {
  id?: string;
  name: string;
  description: string;
  tax_class_id: string | null;
  bands: BandText[];
}

const emptyMethod: MethodText = {
  name: '',
  description: '',
  tax_class_id: null,
  bands: [{ kilograms: '', prices: {} }],
};

function textOf(zone: ShippingZone): MethodText[] {
  return zone.methods.map(({ bands, ...method }) => ({
    ...method,
    bands: bands.map(({ max_grams, prices }) => ({
      kilograms: max_grams === null || max_grams === undefined ? '' : String(max_grams / 1000),
      prices: Object.fromEntries(
        Object.entries(prices).map(([currency, amount]) => [currency, moneyText(amount, currency)]),
      ),
    })),
  }));
}

function methodsOf(texts: MethodText[]): ShippingZoneInput['methods'] {
  return texts.map(({ bands, ...method }) => ({
    ...method,
    name: method.name.trim(),
    bands: bands.map(({ kilograms, prices }) => {
      const weight = kilograms.trim().replace(',', '.');
      const grams = weight === '' ? null : Math.round(Number(weight) * 1000);
      if (grams !== null && !(grams > 0)) {
        throw new Error(`“${kilograms}” is not a weight in kilograms.`);
      }
      const amounts = Object.entries(prices).filter(([, text]) => text.trim() !== '');
      return {
        max_grams: grams,
        prices: Object.fromEntries(
          amounts.map(([currency, text]) => {
            const amount = parseMoney(text, currency);
            if (amount === null) {
              throw new Error(`“${text}” is not an amount in ${currency}.`);
            }
            return [currency, amount];
          }),
        ),
      };
    }),
  }));
}

function ZoneDialog({ zone, onClose, reload }: DialogOf & { zone: ShippingZone | null }) {
  const { shop } = useShop();
  const [name, setName] = useState(zone?.name ?? '');
  const [countries, setCountries] = useState(zone?.countries.join(', ') ?? '');
  const [methods, setMethods] = useState(zone === null ? [emptyMethod] : textOf(zone));
  const setMethod = (i: number, change: Partial<MethodText>) =>
    setMethods(methods.map((method, j) => (i === j ? { ...method, ...change } : method)));
  const setBand = (i: number, k: number, change: Partial<BandText>) => {
    const bands = methods[i]?.bands ?? [];
    setMethod(i, { bands: bands.map((band, j) => (j === k ? { ...band, ...change } : band)) });
  };
  const { version, reread } = useVersion(zone?.version ?? 0, () =>
    admin.getShippingZone({ zone_id: zone?.id ?? '' }),
  );
  const run = async () => {
    const body = { name: name.trim(), countries: codes(countries), methods: methodsOf(methods) };
    await (zone === null
      ? admin.createShippingZone({ body })
      : admin.replaceShippingZone({ zone_id: zone.id, if_match: version, body }));
    await reload();
  };
  return (
    <FormDialog
      title={zone === null ? 'Add a zone' : zone.name}
      action="Save"
      wide
      run={run}
      reread={reread}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onText={setName} />
      <TextField
        label="Countries"
        hint="Codes with commas between them; * is everywhere else."
        value={countries}
        onText={setCountries}
      />
      {methods.map((method, i) => (
        <fieldset key={i} className="group">
          <legend>Way {i + 1}</legend>
          <TextField label="Name" value={method.name} onText={(text) => setMethod(i, { name: text })} />
          <TextField
            label="Description"
            value={method.description}
            onText={(description) => setMethod(i, { description })}
          />
          {method.bands.map((band, k) => (
            <div key={k} className="band">
              <TextField
                label="Up to (kg)"
                inputMode="decimal"
                placeholder="any"
                value={band.kilograms}
                onText={(kilograms) => setBand(i, k, { kilograms })}
              />
              {shop.currencies.map((currency) => (
                <TextField
                  key={currency}
                  label={`Price (${currency})`}
                  inputMode="decimal"
                  value={band.prices[currency] ?? ''}
                  onText={(text) =>
                    setBand(i, k, { prices: { ...band.prices, [currency]: text } })
                  }
                />
              ))}
            </div>
          ))}
          <p className="row">
            <Button
              kind="link"
              onClick={() =>
                setMethod(i, { bands: [...method.bands, { kilograms: '', prices: {} }] })
              }
            >
              Add a weight
            </Button>
            {method.bands.length > 1 && (
              <Button
                kind="link"
                onClick={() => setMethod(i, { bands: method.bands.slice(0, -1) })}
              >
                Remove the last weight
              </Button>
            )}
            {methods.length > 1 && (
              <Button kind="link" onClick={() => setMethods(methods.filter((_, j) => j !== i))}>
                Remove this way
              </Button>
            )}
          </p>
        </fieldset>
      ))}
      <p>
        <Button onClick={() => setMethods([...methods, emptyMethod])}>Add a way</Button>
      </p>
    </FormDialog>
  );
}

function Payments() {
  const providers = useQuery('providers', () => admin.listPaymentProviders());
  const [editing, setEditing] = useState<PaymentProvider | null>(null);
  return (
    <>
      <Loaded of={providers}>
        {({ items }) => (
          <Panel title="How shoppers pay">
            <Table
              label="Payment providers"
              items={items}
              keyOf={({ provider }) => provider}
              empty="None."
              columns={[
                {
                  name: 'Provider',
                  cell: (one) => (
                    <Button kind="link" onClick={() => setEditing(one)}>
                      {one.provider === 'stripe' ? 'Stripe' : 'Test provider'}
                    </Button>
                  ),
                },
                {
                  name: 'State',
                  cell: ({ enabled }) =>
                    enabled ? <Badge state="enabled" /> : <Badge state="off">Off</Badge>,
                },
                {
                  name: 'Takes payments',
                  cell: ({ accepted }) => (accepted ? 'Yes' : 'Not as it is set up'),
                },
                { name: 'Mode', cell: ({ mode }) => mode ?? '–' },
                { name: 'Key', cell: ({ secret_key }) => secret_key.hint ?? 'not set' },
              ]}
            />
          </Panel>
        )}
      </Loaded>
      {editing !== null && (
        <ProviderDialog
          provider={editing}
          onClose={() => setEditing(null)}
          reload={providers.reload}
        />
      )}
    </>
  );
}

function ProviderDialog({
  provider,
  onClose,
  reload,
}: DialogOf & { provider: PaymentProvider }) {
  const [enabled, setEnabled] = useState(provider.enabled);
  const [publishable, setPublishable] = useState(provider.publishable_key ?? '');
  const [secret, setSecret] = useState('');
  const [webhook, setWebhook] = useState('');
  const own = provider.provider === 'stripe';
  const { version, reread } = useVersion(provider.version, () =>
    admin.getPaymentProvider({ provider: provider.provider }),
  );
  const run = async () => {
    await admin.updatePaymentProvider({
      provider: provider.provider,
      if_match: version,
      body: {
        enabled,
        ...(own && publishable !== '' ? { publishable_key: publishable.trim() } : {}),
        ...(secret === '' ? {} : { secret_key: secret.trim() }),
        ...(webhook === '' ? {} : { webhook_secret: webhook.trim() }),
      },
    });
    await reload();
  };
  const kept = (set: boolean) => (set ? 'Kept sealed. Left empty, it stays.' : 'Not set yet.');
  return (
    <FormDialog
      title={own ? 'Stripe' : 'Test provider'}
      action="Save"
      run={run}
      reread={reread}
      onClose={onClose}
    >
      <Check label="Shoppers may pay with it" checked={enabled} onCheck={setEnabled} />
      {own && (
        <>
          <TextField label="Publishable key" value={publishable} onText={setPublishable} />
          <TextField
            label="Secret key"
            type="password"
            autoComplete="off"
            hint={kept(provider.secret_key.set)}
            value={secret}
            onText={setSecret}
          />
          <TextField
            label="Webhook secret"
            type="password"
            autoComplete="off"
            hint={kept(provider.webhook_secret.set)}
            value={webhook}
            onText={setWebhook}
          />
          <p className="soft">
            Stripe’s webhooks go to <code>{provider.webhook_path}</code> of this shop.
          </p>
        </>
      )}
    </FormDialog>
  );
}

function Hosts() {
  const hosts = useQuery('hosts', () => admin.listHosts());
  const [host, setHost] = useState('');
  return (
    <Panel title="Host names" className="narrow">
      <p className="soft">A request to one of these names is a request to this shop.</p>
      <Loaded of={hosts}>
        {({ items }) => (
          <Table
            label="Host names"
            items={items}
            keyOf={(one) => one.host}
            empty="None."
            columns={[
              { name: 'Name', cell: (one) => <code>{one.host}</code> },
              {
                name: 'Remove',
                hidden: true,
                cell: (one) => (
                  <ActionButton
                    kind="link"
                    aria-label={`Remove ${one.host}`}
                    run={() => admin.deleteHost({ host: one.host }).then(hosts.reload)}
                  >
                    Remove
                  </ActionButton>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      <div className="row try">
        <TextField label="Another name" placeholder="shop.example" value={host} onText={setHost} />
        <ActionButton
          run={async () => {
            await admin.createHost({ body: { host: host.trim() } });
            setHost('');
            await hosts.reload();
          }}
        >
          Add
        </ActionButton>
      </div>
    </Panel>
  );
}
