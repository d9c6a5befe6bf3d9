import { useState, type FormEvent, type ReactNode } from 'react';
import { Problem, type Customer, type CustomerAddress, type OrderSummary } from 'securecart-client';
import { forgetQueries, useQuery } from 'securecart-kit/query';
import { Link, navigate, usePlace } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import {
  addAddress,
  listAddresses,
  listMyOrders,
  register,
  removeAddress,
  signIn,
  signOut,
  updateAddress,
  updateMe,
} from '../api/store';
import { AddressForm, AddressLines } from '../components/address_form';
import { Button, LoadFailure, Notice, Skeleton, TextField } from '../components/basics';
import { addressOf, draftOf, looksLikeEmail, problemsOf } from '../lib/address';
import { adoptCart } from '../lib/cart';
import { forgetAccountOrders, guestOrders } from '../lib/guest_orders';
import { money } from '../lib/money';
import { shortState } from '../lib/order_state';
import { usePageTitle } from '../lib/page';
import { nowCalled, session, signedIn, signedOut } from '../lib/session';
import { useShop } from '../lib/shop';
import { explain, sayDay } from '../lib/words';
import { text } from '../text';

const leastPassword = 10;

export function AccountPage({ section }: { section: 'overview' | 'orders' | 'addresses' }) {
  const current = useSignal(session);
  usePageTitle(section === 'orders' ? text.account.orders : text.account.title);
  if (current === null) {
    return (
      <div className="page">
        <Entrance />
        <GuestOrders />
      </div>
    );
  }
  const leave = () => {
    void signOut().catch(() => undefined); // it ends on its own, if this is lost
    signedOut(current.token);
    forgetAccountOrders();
    forgetQueries('mine ');
    navigate('/account');
  };
  return (
    <div className="page">
      <header className="list-head account-head">
        <h1>{text.account.hello(current.customer.name)}</h1>
        <p className="soft">
          {current.customer.email}{' '}
          <Button kind="link" onClick={leave}>
            {text.account.signOut}
          </Button>
        </p>
      </header>
      <div className="account-columns">
        <Orders customer={current.customer.id} />
        <div className="account-side">
          <Addresses customer={current.customer.id} />
          <Details customer={current.customer} />
        </div>
      </div>
      <GuestOrders />
    </div>
  );
}

function Entrance() {
  const { query } = usePlace();
  const [registering, setRegistering] = useState(false);
  const [values, setValues] = useState({ name: '', email: '', password: '' });
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const words = text.account;

  const problems: Partial<Record<keyof typeof values, string>> = {};
  if (!looksLikeEmail(values.email)) {
    problems.email = text.problems.email;
  }
  if (registering && values.name.trim() === '') {
    problems.name = text.problems.required(words.name);
  }
  if (values.password.length < (registering ? leastPassword : 1)) {
    problems.password = registering
      ? text.problems.password
      : text.problems.required(words.password);
  }
  const shown = checked ? problems : {};

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(problems).length > 0) {
      return;
    }
    setBusy(true);
    setFailure(null);
    const { name, email, password } = values;
    try {
      signedIn(
        await (registering
          ? register({ name: name.trim(), email: email.trim(), password })
          : signIn({ email: email.trim(), password })),
      );
      await adoptCart().catch(() => undefined); // the guest's cart still works
      const next = query.get('next') ?? '';
      navigate(/^(checkout|orders\/ord_\w+)$/.test(next) ? `/${next}` : '/account');
    } catch (error) {
      const known = error instanceof Problem ? words.errors[error.code] : undefined;
      setFailure(known ?? explain(error));
      setBusy(false);
    }
  };
  const field = (name: keyof typeof values) => ({
    name,
    value: values[name],
    problem: shown[name],
    onChange: (event: { target: { value: string } }) =>
      setValues({ ...values, [name]: event.target.value }),
  });
  return (
    <form className="entrance panel" noValidate onSubmit={(event) => void submit(event)}>
      <h1>{registering ? words.register : words.signIn}</h1>
      <p className="soft">{registering ? words.registerIntro : words.signInIntro}</p>
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      <div className="fields">
        {registering && (
          <TextField label={words.name} autoComplete="name" maxLength={255} {...field('name')} />
        )}
        <TextField
          label={words.email}
          type="email"
          autoComplete="email"
          maxLength={254}
          {...field('email')}
        />
        <TextField
          label={words.password}
          type="password"
          autoComplete={registering ? 'new-password' : 'current-password'}
          maxLength={256}
          hint={registering ? words.passwordHint : undefined}
          {...field('password')}
        />
      </div>
      <Button type="submit" className="button-wide" busy={busy}>
        {registering
          ? busy
            ? words.registering
            : words.register
          : busy
            ? words.signingIn
            : words.signIn}
      </Button>
      <p className="soft centred">
        {registering ? words.haveAccount : words.noAccount}{' '}
        <Button
          kind="link"
          onClick={() => {
            setRegistering(!registering);
            setChecked(false);
            setFailure(null);
          }}
        >
          {registering ? words.signIn : words.register}
        </Button>
      </p>
    </form>
  );
}

function OrderRow({ order }: { order: OrderSummary }) {
  return (
    <li>
      <Link to={`/orders/${order.id}`}>
        <span className="order-row-number">{order.number}</span>
        <span className="soft">{sayDay(order.placed_at)}</span>
        <span className="badge badge-inline">{shortState(order)}</span>
        <span className="order-row-total">{money(order.total, order.currency)}</span>
      </Link>
    </li>
  );
}

function Orders({ customer }: { customer: string }) {
  const { data, error, reload } = useQuery(`mine orders ${customer}`, () => listMyOrders(null));
  const [more, setMore] = useState<{ items: OrderSummary[]; next: string | null } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const next = more === null ? (data?.next_cursor ?? null) : more.next;
  const grow = async () => {
    try {
      const page = await listMyOrders(next);
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next_cursor });
    } catch (caught) {
      setFailure(explain(caught));
    }
  };
  let body: ReactNode;
  if (data === undefined) {
    body =
      error === undefined ? (
        <Skeleton className="skeleton-block" />
      ) : (
        <LoadFailure error={error} retry={() => void reload()} />
      );
  } else if (data.items.length === 0) {
    body = <p className="soft">{text.account.noOrders}</p>;
  } else {
    body = (
      <ul className="order-rows">
        {[...data.items, ...(more?.items ?? [])].map((order) => (
          <OrderRow key={order.id} order={order} />
        ))}
      </ul>
    );
  }
  return (
    <section aria-labelledby="my-orders">
      <h2 id="my-orders">{text.account.orders}</h2>
      {body}
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      {next !== null && (
        <Button kind="quiet" onClick={() => void grow()}>
          {text.list.more}
        </Button>
      )}
    </section>
  );
}

function GuestOrders() {
  const orders = guestOrders().filter((order) => !order.account);
  if (orders.length === 0) {
    return null;
  }
  return (
    <section className="section" aria-labelledby="guest-orders">
      <h2 id="guest-orders">{text.account.guestOrders}</h2>
      <p className="soft">{text.account.guestHint}</p>
      <ul className="order-rows">
        {orders.map((order) => (
          <li key={order.id}>
            <Link to={`/orders/${order.id}`}>
              <span className="order-row-number">{order.number || text.order.number}</span>
              <span className="soft">{sayDay(order.placed_at)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Addresses({ customer }: { customer: string }) {
  const key = `mine addresses ${customer}`;
  const { data, error, reload } = useQuery(key, listAddresses);
  const [editing, setEditing] = useState<CustomerAddress | 'new' | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const remove = async (address: CustomerAddress) => {
    setFailure(null);
    try {
      await removeAddress(address.id);
      await reload();
    } catch (caught) {
      setFailure(explain(caught));
    }
  };
  const done = async () => {
    await reload();
    setEditing(null);
  };
  return (
    <section aria-labelledby="my-addresses">
      <h2 id="my-addresses">{text.account.addresses}</h2>
      {data === undefined &&
        (error === undefined ? (
          <Skeleton className="skeleton-block" />
        ) : (
          <LoadFailure error={error} retry={() => void reload()} />
        ))}
      {data?.items.length === 0 && editing === null && (
        <p className="soft">{text.account.noAddresses}</p>
      )}
      {editing === null ? (
        <>
          <ul className="addresses">
            {data?.items.map((address) => (
              <li key={address.id} className="panel">
                <AddressLines address={address} />
                <p>
                  <Button kind="link" onClick={() => setEditing(address)}>
                    {text.account.editAddress}
                  </Button>{' '}
                  <Button kind="link" onClick={() => void remove(address)}>
                    {text.account.removeAddress}
                  </Button>
                </p>
              </li>
            ))}
          </ul>
          {data !== undefined && (
            <Button kind="quiet" onClick={() => setEditing('new')}>
              {text.account.addAddress}
            </Button>
          )}
        </>
      ) : (
        <AddressEditor
          address={editing === 'new' ? null : editing}
          onDone={done}
          onCancel={() => setEditing(null)}
        />
      )}
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
    </section>
  );
}

// Name, address and password of the account. The old password stands behind the latter two.
function Details({ customer }: { customer: Customer }) {
  const [editing, setEditing] = useState(false);
  const [saved, setSaved] = useState(false);
  return (
    <section aria-labelledby="my-details">
      <h2 id="my-details">{text.account.details}</h2>
      {saved && !editing && <Notice kind="good">{text.account.detailsSaved}</Notice>}
      {editing ? (
        <DetailsForm
          customer={customer}
          onDone={(changed) => {
            setSaved(changed);
            setEditing(false);
          }}
        />
      ) : (
        <Button kind="quiet" onClick={() => setEditing(true)}>
          {text.account.changeDetails}
        </Button>
      )}
    </section>
  );
}

function DetailsForm({
  customer,
  onDone,
}: {
  customer: Customer;
  onDone: (changed: boolean) => void;
}) {
  const words = text.account;
  const [values, setValues] = useState({
    name: customer.name,
    email: customer.email,
    password: '',
    current: '',
  });
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const name = values.name.trim();
  const email = values.email.trim();
  const guarded = email !== customer.email || values.password !== '';

  const problems: Partial<Record<keyof typeof values, string>> = {};
  if (name === '') {
    problems.name = text.problems.required(words.name);
  }
  if (!looksLikeEmail(email)) {
    problems.email = text.problems.email;
  }
  if (values.password !== '' && values.password.length < leastPassword) {
    problems.password = text.problems.password;
  }
  if (guarded && values.current === '') {
    problems.current = text.problems.required(words.currentPassword);
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (busy || Object.keys(problems).length > 0) {
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      const changed = await updateMe({
        ...(name === customer.name ? {} : { name }),
        ...(email === customer.email ? {} : { email }),
        ...(values.password === '' ? {} : { password: values.password }),
        ...(guarded ? { current_password: values.current } : {}),
      });
      nowCalled(changed);
      onDone(true);
    } catch (error) {
      const known =
        error instanceof Problem && error.code === 'bad_credentials'
          ? words.wrongPassword
          : error instanceof Problem
            ? words.errors[error.code]
            : undefined;
      setFailure(known ?? explain(error));
      setBusy(false);
    }
  };
  const field = (which: keyof typeof values) => ({
    name: which,
    value: values[which],
    problem: checked ? problems[which] : undefined,
    onChange: (event: { target: { value: string } }) =>
      setValues({ ...values, [which]: event.target.value }),
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      <div className="fields">
        <TextField label={words.name} autoComplete="name" maxLength={255} {...field('name')} />
        <TextField
          label={words.email}
          type="email"
          autoComplete="email"
          maxLength={254}
          {...field('email')}
        />
        <TextField
          label={words.newPassword}
          type="password"
          autoComplete="new-password"
          maxLength={256}
          optional
          hint={words.newPasswordHint}
          {...field('password')}
        />
        {guarded && (
          <TextField
            label={words.currentPassword}
            type="password"
            autoComplete="current-password"
            maxLength={256}
            {...field('current')}
          />
        )}
      </div>
      <p className="buttons">
        <Button type="submit" busy={busy}>
          {busy ? words.saving : words.save}
        </Button>
        <Button kind="quiet" onClick={() => onDone(false)}>
          {words.cancel}
        </Button>
      </p>
    </form>
  );
}

function AddressEditor({
  address,
  onDone,
  onCancel,
}: {
  address: CustomerAddress | null;
  onDone: () => Promise<void>;
  onCancel: () => void;
}) {
  const shop = useShop();
  const [draft, setDraft] = useState(() => draftOf(address, shop.home_country));
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const problems = problemsOf(draft);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(problems).length > 0) {
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      const written = addressOf(draft);
      await (address === null ? addAddress(written) : updateAddress(address.id, written));
      await onDone();
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };
  return (
    <form noValidate onSubmit={(event) => void save(event)}>
      <AddressForm
        kind="shipping"
        draft={draft}
        problems={checked ? problems : {}}
        onChange={setDraft}
      />
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      <p className="buttons">
        <Button type="submit" busy={busy}>
          {busy ? text.account.saving : text.account.save}
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          {text.account.cancel}
        </Button>
      </p>
    </form>
  );
}
