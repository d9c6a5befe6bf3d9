import { useState, type FormEvent } from 'react';
import type { AdminCustomerDetail } from 'securecart-client';
import { remember, useQuery } from 'securecart-kit/query';
import { Link, navigate, usePlace } from 'securecart-kit/router';

import { admin } from '../api';
import {
  Button,
  Failure,
  FormDialog,
  ListTable,
  Loaded,
  Moment,
  PageHead,
  Panel,
  TextField,
} from '../components/basics';
import { ConflictDialog, SaveBar } from '../components/conflict';
import { useEditor } from '../lib/editor';
import { countryName } from '../lib/format';
import { useList } from '../lib/list';
import { orderColumns, SearchForm } from './orders_page';

export function CustomersPage() {
  const q = usePlace().query.get('q') ?? '';
  const list = useList(`customers ${q}`, (cursor) => admin.listCustomers({ q, cursor, limit: 50 }));
  return (
    <>
      <PageHead title="Customers" />
      <div className="tools">
        <SearchForm
          key={q}
          label="Name or e-mail"
          value={q}
          onSearch={(text) =>
            navigate(`/admin/customers${text === '' ? '' : `?q=${encodeURIComponent(text)}`}`, {
              replace: true,
            })
          }
        />
      </div>
      <ListTable
        list={list}
        label="Customers"
        keyOf={({ id }) => id}
        empty={q === '' ? 'Nobody has an account yet.' : 'Nobody is called that.'}
        columns={[
          {
            name: 'Name',
            cell: ({ id, name }) => (
              <Link to={`/admin/customers/${id}`} className="strong">
                {name}
              </Link>
            ),
          },
          { name: 'E-mail', cell: ({ email }) => email },
          { name: 'Since', cell: ({ created_at }) => <Moment at={created_at} /> },
        ]}
      />
    </>
  );
}

const names = { name: 'Name', email: 'E-mail' };

export function CustomerPage({ id }: { id: string }) {
  const customer = useQuery(`customer ${id}`, () => admin.getCustomer({ customer_id: id }));
  return (
    <Loaded of={customer}>
      {(data) => <Customer customer={data} reload={customer.reload} />}
    </Loaded>
  );
}

function Customer({
  customer,
  reload,
}: {
  customer: AdminCustomerDetail;
  reload: () => Promise<void>;
}) {
  const { id } = customer;
  const [erasing, setErasing] = useState(false);
  const orders = useList(`orders of ${id}`, (cursor) =>
    admin.listOrders({ customer_id: id, cursor }),
  );
  const editor = useEditor({
    entity: customer,
    values: ({ name, email }: AdminCustomerDetail) => ({ name, email }),
    save: async (body, if_match) => ({
      ...customer,
      ...(await admin.updateCustomer({ customer_id: id, if_match, body })),
    }),
    reread: () => admin.getCustomer({ customer_id: id }),
    onSaved: (saved) => remember(`customer ${id}`, saved),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <>
      <PageHead title={customer.name} back={{ to: '/admin/customers', name: 'Customers' }}>
        <Button kind="danger" onClick={() => setErasing(true)}>
          Erase
        </Button>
      </PageHead>
      <div className="columns">
        <form onSubmit={submit}>
          <Panel title="Who it is">
            <TextField
              label={names.name}
              value={editor.draft.name}
              onText={(name) => editor.set({ name })}
            />
            <TextField
              label={names.email}
              type="email"
              value={editor.draft.email}
              onText={(email) => editor.set({ email })}
            />
            <Failure error={editor.error} />
            <SaveBar editor={editor} />
          </Panel>
        </form>
        <Panel title="Addresses">
          {customer.addresses.length === 0 && <p className="empty">None are kept.</p>}
          <ul className="plain">
            {customer.addresses.map((address) => (
              <li key={address.id}>
                {address.name}, {address.line1}, {address.postal_code} {address.city},{' '}
                {countryName(address.country)}
              </li>
            ))}
          </ul>
        </Panel>
      </div>
      <Panel title="Orders">
        <ListTable
          list={orders}
          label="Orders of this customer"
          columns={orderColumns}
          keyOf={(order) => order.id}
          empty="Nothing was ordered with this account yet."
        />
      </Panel>
      <ConflictDialog editor={editor} names={names} />
      {erasing && (
        <FormDialog
          title="Erase this customer?"
          action="Erase for good"
          danger
          reread={reload}
          onClose={() => setErasing(false)}
          run={async () => {
            await admin.eraseCustomer({ customer_id: id, if_match: customer.version });
            void reload();
            navigate('/admin/customers');
          }}
        >
          <p>
            The account, its addresses and what names this person in orders are gone for good. The
            sums of the orders stay, as the books need them.
          </p>
        </FormDialog>
      )}
    </>
  );
}
