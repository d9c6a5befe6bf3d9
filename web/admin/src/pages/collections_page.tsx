import { useState, type FormEvent } from 'react';
import type { AdminCollection } from 'securecart-client';
import { forgetQueries, remember, useQuery } from 'securecart-kit/query';
import { Link, navigate } from 'securecart-kit/router';

import { admin } from '../api';
import {
  AreaField,
  Badge,
  Button,
  Check,
  Failure,
  FormDialog,
  ListTable,
  Loaded,
  PageHead,
  Panel,
  TextField,
} from '../components/basics';
import { ConflictDialog, SaveBar } from '../components/conflict';
import { useEditor } from '../lib/editor';
import { parseWhole } from '../lib/format';
import { useList } from '../lib/list';

export function CollectionsPage() {
  const list = useList('collections all', (cursor) =>
    admin.adminListCollections({ cursor, limit: 50 }),
  );
  const [making, setMaking] = useState(false);
  const [title, setTitle] = useState('');
  const make = async () => {
    const made = await admin.createCollection({ body: { title: title.trim(), published: false } });
    forgetQueries('collections');
    navigate(`/admin/collections/${made.id}`);
  };
  return (
    <>
      <PageHead title="Collections">
        <Button kind="primary" onClick={() => setMaking(true)}>
          New collection
        </Button>
      </PageHead>
      <ListTable
        list={list}
        label="Collections"
        keyOf={({ id }) => id}
        empty="No collections yet."
        columns={[
          {
            name: 'Collection',
            cell: ({ id, title: name }) => (
              <Link to={`/admin/collections/${id}`} className="strong">
                {name}
              </Link>
            ),
          },
          {
            name: 'State',
            cell: ({ published }) =>
              published ? <Badge state="active">In the shop</Badge> : <Badge state="draft">Hidden</Badge>,
          },
          { name: 'Products', numeric: true, cell: (one) => one.product_count },
          { name: 'Place', numeric: true, cell: (one) => one.position },
        ]}
      />
      {making && (
        <FormDialog
          title="New collection"
          action="Make it"
          run={make}
          onClose={() => setMaking(false)}
        >
          <TextField label="Title" value={title} onText={setTitle} />
        </FormDialog>
      )}
    </>
  );
}

export function CollectionPage({ id }: { id: string }) {
  const collection = useQuery(`collection ${id}`, () =>
    admin.adminGetCollection({ collection_id: id }),
  );
  return <Loaded of={collection}>{(data) => <Collection collection={data} />}</Loaded>;
}

const names = {
  title: 'Title',
  description: 'Description',
  handle: 'Handle',
  image: 'Picture',
  published: 'In the shop',
  position: 'Place among collections',
};

function Collection({ collection }: { collection: AdminCollection }) {
  const { id } = collection;
  const [removing, setRemoving] = useState(false);
  const editor = useEditor({
    entity: collection,
    values: ({ title, description, handle, image, published, position }: AdminCollection) => ({
      title,
      description,
      handle,
      image: image ?? '',
      published,
      position: String(position),
    }),
    save: ({ image, position, ...body }, if_match) =>
      admin.updateCollection({
        collection_id: id,
        if_match,
        body: {
          ...body,
          ...(image === undefined ? {} : { image: image.trim() === '' ? null : image.trim() }),
          ...(position === undefined ? {} : { position: parseWhole(position) ?? 0 }),
        },
      }),
    reread: () => admin.adminGetCollection({ collection_id: id }),
    onSaved: (saved) => {
      remember(`collection ${id}`, saved);
      forgetQueries('collections');
    },
  });
  const { draft, set } = editor;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <>
      <PageHead title={collection.title} back={{ to: '/admin/collections', name: 'Collections' }}>
        {collection.published && (
          <a
            className="button button-quiet"
            href={`/collections/${encodeURIComponent(collection.handle)}`}
            target="_blank"
            rel="noreferrer"
          >
            See it in the shop
          </a>
        )}
        <Button kind="danger" onClick={() => setRemoving(true)}>
          Remove
        </Button>
      </PageHead>
      <form className="narrow" onSubmit={submit}>
        <Panel title="Words">
          <div className="fields">
            <TextField label={names.title} value={draft.title} onText={(title) => set({ title })} />
            <AreaField
              label={names.description}
              hint="HTML of a safe subset."
              rows={4}
              value={draft.description}
              onText={(description) => set({ description })}
            />
            <TextField
              label={names.handle}
              className="field-half"
              value={draft.handle}
              onText={(handle) => set({ handle })}
            />
            <TextField
              label={names.position}
              className="field-half"
              inputMode="numeric"
              value={draft.position}
              onText={(position) => set({ position })}
            />
            <TextField label={names.image} value={draft.image} onText={(image) => set({ image })} />
            <Check
              label={names.published}
              checked={draft.published}
              onCheck={(published) => set({ published })}
            />
          </div>
          <p className="soft">
            {collection.product_count} products. Each product’s page says which collections it is in.
          </p>
          <Failure error={editor.error} />
          <SaveBar editor={editor} />
        </Panel>
      </form>
      <ConflictDialog editor={editor} names={names} />
      {removing && (
        <FormDialog
          title="Remove this collection?"
          action="Remove"
          danger
          onClose={() => setRemoving(false)}
          run={async () => {
            await admin.deleteCollection({ collection_id: id, if_match: collection.version });
            forgetQueries('collections');
            navigate('/admin/collections');
          }}
        >
          <p>Its products stay.</p>
        </FormDialog>
      )}
    </>
  );
}
