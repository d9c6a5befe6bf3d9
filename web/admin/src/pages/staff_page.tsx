import { useState } from 'react';
import type { ApiKey, StaffMember } from 'securecart-client';

import { admin } from '../api';
import {
  Badge,
  Button,
  Check,
  FormDialog,
  ListTable,
  Moment,
  Notice,
  PageHead,
  Panel,
  SelectField,
  TextField,
} from '../components/basics';
import { words } from '../lib/format';
import { useList } from '../lib/list';
import { useVersion } from '../lib/version';

const roles = ['owner', 'manager', 'fulfilment', 'support', 'viewer'] as const;
type Role = (typeof roles)[number];
const roleChoices = roles.map((role) => [role, words(role)] as const);

export function StaffPage() {
  return (
    <>
      <PageHead title="Staff and keys" />
      <Staff />
      <Keys />
    </>
  );
}

function Staff() {
  const list = useList('staff', (cursor) => admin.listStaff({ cursor, limit: 50 }));
  const [editing, setEditing] = useState<StaffMember | 'new' | null>(null);
  return (
    <Panel
      title="Staff"
      tools={<Button onClick={() => setEditing('new')}>Add somebody</Button>}
    >
      <ListTable
        list={list}
        label="Staff"
        keyOf={({ id }) => id}
        empty="Nobody yet."
        columns={[
          {
            name: 'Name',
            cell: (member) => (
              <Button kind="link" onClick={() => setEditing(member)}>
                {member.name}
              </Button>
            ),
          },
          { name: 'E-mail', cell: ({ email }) => email },
          { name: 'Role', cell: ({ role }) => words(role) },
          {
            name: 'State',
            cell: ({ disabled }) => <Badge state={disabled ? 'disabled' : 'enabled'} />,
          },
          { name: 'Since', cell: ({ created_at }) => <Moment at={created_at} /> },
        ]}
      />
      {editing !== null && (
        <MemberDialog
          member={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          reload={list.reload}
        />
      )}
    </Panel>
  );
}

function MemberDialog({
  member,
  onClose,
  reload,
}: {
  member: StaffMember | null;
  onClose: () => void;
  reload: () => Promise<void>;
}) {
  const [name, setName] = useState(member?.name ?? '');
  const [email, setEmail] = useState(member?.email ?? '');
  const [role, setRole] = useState<Role>(member?.role ?? 'viewer');
  const [disabled, setDisabled] = useState(member?.disabled ?? false);
  const [password, setPassword] = useState('');
  const { version, reread } = useVersion(member?.version ?? 0, () =>
    admin.getStaff({ staff_id: member?.id ?? '' }),
  );
  const run = async () => {
    if (member === null) {
      await admin.createStaff({ body: { name: name.trim(), email: email.trim(), role, password } });
    } else {
      await admin.updateStaff({
        staff_id: member.id,
        if_match: version,
        body: { name: name.trim(), role, disabled, ...(password === '' ? {} : { password }) },
      });
    }
    await reload();
  };
  return (
    <FormDialog
      title={member === null ? 'Add somebody' : member.name}
      action="Save"
      run={run}
      reread={reread}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onText={setName} />
      {member === null && (
        <TextField label="E-mail" type="email" value={email} onText={setEmail} />
      )}
      <SelectField
        label="Role"
        value={role}
        choices={roleChoices}
        onText={(value) => setRole(value as Role)}
      />
      <TextField
        label={member === null ? 'Password' : 'A new password'}
        type="password"
        autoComplete="new-password"
        hint={
          member === null
            ? 'At least 10 characters.'
            : 'Left empty, the old one stays. A new one ends every session.'
        }
        value={password}
        onText={setPassword}
      />
      {member !== null && (
        <Check label="May not sign in" checked={disabled} onCheck={setDisabled} />
      )}
    </FormDialog>
  );
}

function Keys() {
  const list = useList('keys', (cursor) => admin.listApiKeys({ cursor, limit: 50 }));
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <Panel title="API keys" tools={<Button onClick={() => setMaking(true)}>Make a key</Button>}>
      {secret !== null && (
        <Notice kind="good" title="Copy it now: it is never shown again.">
          <p>
            <code className="secret">{secret}</code>
          </p>
        </Notice>
      )}
      <ListTable
        list={list}
        label="API keys"
        keyOf={({ id }) => id}
        empty="No keys yet."
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'Begins with', cell: ({ prefix }) => <code>{prefix}…</code> },
          { name: 'Kind', cell: ({ kind }) => words(kind) },
          { name: 'Role', cell: ({ role }) => (role === null ? '–' : words(role)) },
          { name: 'Since', cell: ({ created_at }) => <Moment at={created_at} /> },
          {
            name: 'State',
            cell: (key) =>
              key.revoked_at === null ? (
                <Button kind="link" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
                  Revoke
                </Button>
              ) : (
                <Badge state="disabled">Revoked</Badge>
              ),
          },
        ]}
      />
      {making && (
        <KeyDialog
          onClose={() => setMaking(false)}
          onMade={async (made) => {
            setSecret(made);
            await list.reload();
          }}
        />
      )}
      {revoking !== null && (
        <FormDialog
          title={`Revoke ${revoking.name}?`}
          action="Revoke"
          danger
          onClose={() => setRevoking(null)}
          run={async () => {
            await admin.deleteApiKey({ key_id: revoking.id });
            await list.reload();
          }}
        >
          <p>Whoever uses it is turned away from now on.</p>
        </FormDialog>
      )}
    </Panel>
  );
}

function KeyDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (secret: string) => Promise<void>;
}) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'publishable' | 'secret'>('secret');
  const [role, setRole] = useState<Role>('viewer');
  const run = async () => {
    const body = { name: name.trim(), kind, ...(kind === 'secret' ? { role } : {}) };
    const made = await admin.createApiKey({ body });
    await onMade(made.secret);
  };
  return (
    <FormDialog title="Make a key" action="Make it" run={run} onClose={onClose}>
      <TextField label="Name" hint="What uses it." value={name} onText={setName} />
      <SelectField
        label="Kind"
        value={kind}
        choices={[
          ['secret', 'Secret: for programs of yours'],
          ['publishable', 'Publishable: names the shop, for storefronts'],
        ]}
        onText={(value) => setKind(value as 'publishable' | 'secret')}
      />
      {kind === 'secret' && (
        <SelectField
          label="Role"
          value={role}
          choices={roleChoices}
          onText={(value) => setRole(value as Role)}
        />
      )}
    </FormDialog>
  );
}
