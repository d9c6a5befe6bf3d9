import { Link, navigate, usePlace } from 'securecart-kit/router';

import { admin } from '../api';
import {
  Badge,
  ButtonLink,
  ListTable,
  Moment,
  PageHead,
  SelectField,
} from '../components/basics';
import { words } from '../lib/format';
import { useList } from '../lib/list';
import { SearchForm } from './orders_page';

export const states = ['published', 'draft', 'archived'] as const;
type State = (typeof states)[number];

export function ProductsPage() {
  const { query } = usePlace();
  const q = query.get('q') ?? '';
  const asked = query.get('status') ?? '';
  // The search is over products of every state.
  const status = q === '' && (states as readonly string[]).includes(asked) ? (asked as State) : '';
  const list = useList(`products ${q} ${status}`, (cursor) =>
    admin.adminListProducts({
      cursor,
      limit: 50,
      ...(q === '' ? {} : { q }),
      ...(status === '' ? {} : { status }),
    }),
  );
  const go = (name: string, value: string) =>
    navigate(`/admin/products${value === '' ? '' : `?${name}=${encodeURIComponent(value)}`}`, {
      replace: true,
    });
  return (
    <>
      <PageHead title="Products">
        <ButtonLink to="/admin/products/new">New product</ButtonLink>
      </PageHead>
      <div className="tools">
        <SearchForm key={q} label="Words of a product" value={q} onSearch={(text) => go('q', text)} />
        <SelectField
          label="State"
          value={status}
          choices={[['', 'Any'], ...states.map((one) => [one, words(one)] as const)]}
          onText={(value) => go('status', value)}
        />
      </div>
      <ListTable
        list={list}
        label="Products"
        keyOf={({ id }) => id}
        empty={q === '' ? 'No products yet. Make one, or import a file.' : 'No product is like that.'}
        columns={[
          {
            name: 'Product',
            cell: (product) => (
              <span className="with-picture">
                {product.image === null ? (
                  <span className="no-picture" />
                ) : (
                  <img src={product.image.src} alt="" width={40} height={40} loading="lazy" />
                )}
                <Link to={`/admin/products/${product.id}`} className="strong">
                  {product.title}
                </Link>
              </span>
            ),
          },
          { name: 'State', cell: (product) => <Badge state={product.status} /> },
          { name: 'Variants', numeric: true, cell: (product) => product.variant_count },
          { name: 'Type', cell: (product) => product.type },
          { name: 'Vendor', cell: (product) => product.vendor },
          { name: 'Changed', cell: (product) => <Moment at={product.updated_at} /> },
        ]}
      />
    </>
  );
}
