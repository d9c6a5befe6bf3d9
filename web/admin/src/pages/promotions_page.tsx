// What the shop takes off its prices: the list, a new one, and one with how often it was used.

import { useState, type FormEvent } from 'react';
import type { Promotion, Shop } from 'securecart-client';
import { forgetQueries, remember, useQuery } from 'securecart-kit/query';
import { Link, navigate } from 'securecart-kit/router';

import { admin } from '../api';
import {
  Badge,
  Button,
  ButtonLink,
  Check,
  Failure,
  FormDialog,
  ListTable,
  Loaded,
  PageHead,
  Panel,
  SelectField,
  TextField,
} from '../components/basics';
import { ConflictDialog, SaveBar } from '../components/conflict';
import { useEditor } from '../lib/editor';
import { sayDay } from '../lib/format';
import { useList } from '../lib/list';
import {
  bodyOf,
  draftOf,
  emptyDraft,
  kinds,
  problemsOf,
  sayOff,
  stateOf,
  type Draft,
  type Kind,
  type Problems,
} from '../lib/promotion';
import { useShop } from '../lib/shop';

const keyOf = (id: string) => `promotion ${id}`;

export function PromotionsPage() {
  const list = useList('promotions', (cursor) => admin.listPromotions({ cursor, limit: 50 }));
  return (
    <>
      <PageHead title="Promotions">
        <ButtonLink to="/admin/promotions/new">New promotion</ButtonLink>
      </PageHead>
      <ListTable
        list={list}
        label="Promotions"
        keyOf={({ id }) => id}
        empty="No promotions yet. Make one: a code to hand out, or something that applies by itself."
        columns={[
          {
            name: 'Promotion',
            cell: ({ id, title }) => (
              <Link to={`/admin/promotions/${id}`} className="strong">
                {title}
              </Link>
            ),
          },
          { name: 'Code', cell: ({ code }) => (code === '' ? 'By itself' : <code>{code}</code>) },
          { name: 'Takes off', cell: sayOff },
          {
            name: 'State',
            cell: (promotion) => <StateBadge promotion={promotion} />,
          },
          {
            name: 'Used',
            numeric: true,
            cell: ({ used, usage_limit }) =>
              usage_limit === null ? used : `${used} of ${usage_limit}`,
          },
        ]}
      />
    </>
  );
}

function StateBadge({ promotion }: { promotion: Promotion }) {
  const { badge, words } = stateOf(promotion, Date.now());
  return <Badge state={badge}>{words}</Badge>;
}

export function PromotionPage({ id }: { id: string }) {
  const promotion = useQuery(keyOf(id), () => admin.getPromotion({ promotion_id: id }));
  return <Loaded of={promotion}>{(data) => <OnePromotion promotion={data} />}</Loaded>;
}

const names: Record<keyof Draft, string> = {
  title: 'Title',
  active: 'Switched on',
  combines: 'Adds up with others',
  percent: 'Percent off',
  amounts: 'Amount off',
  buy: 'Buy',
  get: 'Get',
  products: 'Products',
  collections: 'Collections',
  minimum: 'From a cart of',
  starts: 'Begins',
  ends: 'Ends',
  limit: 'Uses altogether',
  customerLimit: 'Uses by one customer',
};

function OnePromotion({ promotion }: { promotion: Promotion }) {
  const { shop } = useShop();
  const { id, kind, code } = promotion;
  const [removing, setRemoving] = useState(false);
  const [checked, setChecked] = useState(false);
  const editor = useEditor<Promotion, Draft>({
    entity: promotion,
    values: (from) => draftOf(from, shop),
    save: (changes, if_match) =>
      admin.updatePromotion({ promotion_id: id, if_match, body: bodyOf(kind, changes) }),
    reread: () => admin.getPromotion({ promotion_id: id }),
    onSaved: (saved) => {
      remember(keyOf(id), saved);
      forgetQueries('promotions');
    },
  });
  const problems = problemsOf(kind, code !== '', editor.draft, shop);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(problems).length === 0) {
      void editor.save();
    }
  };
  return (
    <>
      <PageHead
        title={promotion.title}
        back={{ to: '/admin/promotions', name: 'Promotions' }}
        badges={
          <>
            <StateBadge promotion={promotion} />
            {code !== '' && <code>{code}</code>}
            <span>{sayOff(promotion)}</span>
          </>
        }
      >
        {promotion.used === 0 && (
          <Button kind="danger" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        )}
      </PageHead>
      <form className="narrow" noValidate onSubmit={submit}>
        <Panel title="How often it was used">
          <p>
            {promotion.used === 0
              ? 'By no order yet.'
              : `By ${promotion.used} ${promotion.used === 1 ? 'order' : 'orders'} that are not cancelled.`}{' '}
            <span className="soft">Made on {sayDay(promotion.created_at)}.</span>
          </p>
        </Panel>
        <Terms
          kind={kind}
          withCode={code !== ''}
          draft={editor.draft}
          problems={checked ? problems : {}}
          set={editor.set}
        />
        <Failure error={editor.error} />
        <SaveBar editor={editor} />
      </form>
      <ConflictDialog editor={editor} names={names} />
      {removing && (
        <FormDialog
          title="Remove this promotion?"
          action="Remove"
          danger
          onClose={() => setRemoving(false)}
          run={async () => {
            await admin.deletePromotion({ promotion_id: id });
            forgetQueries('promotion');
            navigate('/admin/promotions');
          }}
        >
          <p>No order used it. Carts that have its code are told that it was withdrawn.</p>
        </FormDialog>
      )}
    </>
  );
}

export function NewPromotionPage() {
  const { shop } = useShop();
  const [kind, setKind] = useState<Kind>('percentage');
  const [withCode, setWithCode] = useState(true);
  const [code, setCode] = useState('');
  const [draft, setDraft] = useState(() => emptyDraft(shop));
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problems = problemsOf(kind, withCode, draft, shop);
  const wrongCode =
    withCode && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(code.trim())
      ? 'Up to 32 letters, digits, - and _.'
      : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (busy || wrongCode !== undefined || Object.keys(problems).length > 0) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const body = {
        ...bodyOf(kind, withCode ? draft : { ...draft, limit: '', customerLimit: '' }),
        title: draft.title.trim(),
        kind,
        ...(withCode ? { code: code.trim() } : {}),
      };
      const made = await admin.createPromotion({ body });
      forgetQueries('promotions');
      navigate(`/admin/promotions/${made.id}`);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <PageHead title="New promotion" back={{ to: '/admin/promotions', name: 'Promotions' }} />
      <form className="narrow" noValidate onSubmit={(event) => void submit(event)}>
        <Panel title="What kind">
          <div className="fields">
            <SelectField
              label="It takes off"
              className="field-half"
              value={kind}
              choices={kinds}
              onText={(value) => setKind(value as Kind)}
            />
            <SelectField
              label="For whom"
              className="field-half"
              value={withCode ? 'code' : 'all'}
              choices={[
                ['code', 'Whoever enters a code'],
                ['all', 'Everybody, by itself'],
              ]}
              onText={(value) => setWithCode(value === 'code')}
            />
            {withCode && (
              <TextField
                label="Code"
                hint="Capital and small letters are the same. Kind and code stay as they are."
                value={code}
                problem={checked ? wrongCode : undefined}
                onText={setCode}
              />
            )}
          </div>
        </Panel>
        <Terms
          kind={kind}
          withCode={withCode}
          draft={draft}
          problems={checked ? problems : {}}
          set={(change) => setDraft((now) => ({ ...now, ...change }))}
        />
        <Failure error={error} />
        <p className="row-end">
          <Button type="submit" kind="primary" busy={busy}>
            Make the promotion
          </Button>
        </p>
      </form>
    </>
  );
}

function Terms({
  kind,
  withCode,
  draft,
  problems,
  set,
}: {
  kind: Kind;
  withCode: boolean;
  draft: Draft;
  problems: Problems;
  set: (change: Partial<Draft>) => void;
}) {
  const { shop } = useShop();
  const field = (name: 'title' | 'percent' | 'buy' | 'get' | 'starts' | 'ends' | 'limit' | 'customerLimit') => ({
    label: names[name],
    value: draft[name],
    problem: problems[name],
    onText: (text: string) => set({ [name]: text }),
  });
  return (
    <>
      <Panel title="What it takes off">
        <div className="fields">
          <TextField {...field('title')} hint="As shoppers read it, in their cart and on their order." />
          {(kind === 'percentage' || kind === 'buy_x_get_y') && (
            <TextField
              {...field('percent')}
              className="field-half"
              inputMode="decimal"
              {...(kind === 'buy_x_get_y' ? { hint: 'Of each unit given: 100 gives it for nothing.' } : {})}
            />
          )}
          {kind === 'buy_x_get_y' && (
            <>
              <TextField {...field('buy')} className="field-half" inputMode="numeric" />
              <TextField
                {...field('get')}
                className="field-half"
                inputMode="numeric"
                hint="The cheapest ones of what it is for."
              />
            </>
          )}
          {kind === 'fixed_amount' && (
            <MoneyFields
              shop={shop}
              name={names.amounts}
              values={draft.amounts}
              problem={problems.amounts}
              set={(amounts) => set({ amounts })}
            />
          )}
          <MoneyFields
            shop={shop}
            name={names.minimum}
            values={draft.minimum}
            problem={problems.minimum}
            set={(minimum) => set({ minimum })}
          />
          <Check
            label="Adds up with other promotions that do"
            checked={draft.combines}
            onCheck={(combines) => set({ combines })}
          />
          <Check
            label={names.active}
            checked={draft.active}
            onCheck={(active) => set({ active })}
          />
        </div>
      </Panel>
      <ForWhat draft={draft} set={set} />
      <Panel title="When and how often">
        <div className="fields">
          <TextField {...field('starts')} className="field-half" type="datetime-local" />
          <TextField {...field('ends')} className="field-half" type="datetime-local" />
          {withCode && (
            <>
              <TextField
                {...field('limit')}
                className="field-half"
                inputMode="numeric"
                hint="Orders. Empty: any number."
              />
              <TextField
                {...field('customerLimit')}
                className="field-half"
                inputMode="numeric"
                hint="By e-mail address. Empty: any number."
              />
            </>
          )}
        </div>
      </Panel>
    </>
  );
}

function MoneyFields({
  shop,
  name,
  values,
  problem,
  set,
}: {
  shop: Shop;
  name: string;
  values: Record<string, string>;
  problem: string | undefined;
  set: (values: Record<string, string>) => void;
}) {
  return (
    <>
      {shop.currencies.map((currency, i) => (
        <TextField
          key={currency}
          label={`${name} (${currency})`}
          className="field-half"
          inputMode="decimal"
          value={values[currency] ?? ''}
          problem={i === 0 ? problem : undefined}
          onText={(text) => set({ ...values, [currency]: text })}
        />
      ))}
    </>
  );
}

function ForWhat({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const collections = useQuery('collections', () => admin.adminListCollections({ limit: 100 }));
  const [q, setQ] = useState('');
  const asked = q.trim();
  const found = useQuery(asked === '' ? null : `products ${asked} for a promotion`, () =>
    admin.adminListProducts({ q: asked, limit: 10 }),
  );
  const chosen = useQuery(
    draft.products.length === 0 ? null : `products named ${draft.products.join(' ')}`,
    () => Promise.all(draft.products.map((product_id) => admin.adminGetProduct({ product_id }))),
  );
  const products = new Map(
    [...(chosen.data ?? []), ...(found.data?.items ?? [])].map(({ id, title }) => [id, title]),
  );
  const toggle = (list: string[], id: string, into: boolean) =>
    into ? [...list, id] : list.filter((one) => one !== id);
  const everything = draft.products.length === 0 && draft.collections.length === 0;
  return (
    <Panel title="For what">
      <p className="soft">
        {everything ? 'Everything in the shop, until something is chosen.' : 'Only what is chosen.'}
      </p>
      <Loaded of={collections}>
        {({ items }) => (
          <fieldset className="choose">
            <legend>{names.collections}</legend>
            {items.map(({ id, title }) => (
              <Check
                key={id}
                label={title}
                checked={draft.collections.includes(id)}
                onCheck={(into) => set({ collections: toggle(draft.collections, id, into) })}
              />
            ))}
          </fieldset>
        )}
      </Loaded>
      <fieldset className="choose">
        <legend>{names.products}</legend>
        <TextField label="Find products" type="search" value={q} onText={setQ} />
        {[...products].map(([id, title]) => (
          <Check
            key={id}
            label={title}
            checked={draft.products.includes(id)}
            onCheck={(into) => set({ products: toggle(draft.products, id, into) })}
          />
        ))}
      </fieldset>
      <Failure error={chosen.error ?? found.error} />
    </Panel>
  );
}

