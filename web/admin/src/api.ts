// The two clients the admin speaks with, and who is signed in.

import {
  AdminClient,
  StoredTokens,
  type Me,
  type Shop,
  type StaffSession,
} from 'securecart-client/admin';
import { StoreClient } from 'securecart-client/store';
import { forgetQueries } from 'securecart-kit/query';
import { Signal } from 'securecart-kit/signal';

// A session that the server ends shows the door again, wherever one is.
class SessionTokens extends StoredTokens {
  override dropSession(token: string): void {
    super.dropSession(token);
    signedIn.set(this.session() !== null);
  }
}

const tokens = new SessionTokens(localStorage, 'securecart.admin.');

export const signedIn = new Signal(tokens.session() !== null);
export const admin = new AdminClient({ tokens });
const store = new StoreClient({});

export const getShop = (): Promise<Shop> => store.getShop();
export const getMe = (): Promise<Me> => admin.getMe();

export async function signIn(email: string, password: string): Promise<StaffSession> {
  const session = await admin.createStaffSession({ body: { email, password } });
  signedIn.set(true);
  return session;
}

export async function signOut(): Promise<void> {
  const token = tokens.session();
  try {
    await admin.deleteStaffSession();
  } catch {
    // It ends on its own, if this is lost.
  }
  if (token !== null) {
    tokens.dropSession(token);
  }
  forgetQueries('');
}

// Another tab has signed in or out.
window.addEventListener('storage', () => signedIn.set(tokens.session() !== null));
