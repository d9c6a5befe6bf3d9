import { useEffect, useState, type FormEvent } from 'react';
import { isProblem } from 'securecart-client';

import { signIn } from '../api';
import { Button, Notice, TextField } from '../components/basics';
import { explain } from '../lib/explain';

export function SignInPage() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    document.title = 'Sign in · admin';
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      await signIn(email.trim(), password);
    } catch (error) {
      setFailure(
        isProblem(error, 'bad_credentials')
          ? 'E-mail or password is not right.'
          : isProblem(error, 'login_throttled')
            ? 'Too many tries. Please wait a moment and try again.'
            : explain(error),
      );
      setBusy(false);
    }
  };
  return (
    <main className="alone">
      <form className="panel door" onSubmit={(event) => void submit(event)}>
        <h1>Sign in to the admin</h1>
        <p className="soft">For the people who run this shop.</p>
        {failure !== null && (
          <Notice kind="problem">
            <p>{failure}</p>
          </Notice>
        )}
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          value={email}
          onText={setEmail}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onText={setPassword}
        />
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
