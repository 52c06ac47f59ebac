// SPDX-License-Identifier: MIT
// App.jsx - the menu and the pages. The menu shows what the roles allow; whoever types an address
// the menu does not offer gets the page and, on it, the server's refusal: the server alone decides.
import { useSyncExternalStore } from 'react';
import { Board } from './Board.jsx';
import { Profile } from './Profile.jsx';
import { SignIn } from './SignIn.jsx';
import { SignUp } from './SignUp.jsx';
import { hasRole, useSession } from './session.js';

const anyone = () => true;
const guest = (user) => !user;
const member = (user) => Boolean(user);
const holder = (role) => (user) => hasRole(user, role);

const board = (name) => (session) => <Board key={name} name={name} user={session.user} />;

const PAGES = [
  { at: 'home', title: 'Home', shown: anyone, page: board('all') },
  { at: 'user', title: 'User', shown: member, page: board('user') },
  { at: 'mod', title: 'Moderator', shown: holder('ROLE_MODERATOR'), page: board('mod') },
  { at: 'admin', title: 'Admin', shown: holder('ROLE_ADMIN'), page: board('admin') },
  { at: 'profile', title: 'Profile', shown: member, page: (session) => <Profile user={session.user} /> },
  { at: 'signin', title: 'Sign in', shown: guest, page: (session) => <SignIn session={session} /> },
  { at: 'signup', title: 'Sign up', shown: guest, page: () => <SignUp /> },
];

function subscribe(changed) {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

const useHash = () => useSyncExternalStore(subscribe, () => location.hash.replace(/^#\/?/, ''));

function Menu({ session, here }) {
  const signOut = () => {
    session.end();
    location.hash = '/signin';
  };

  return (
    <nav>
      <a className="brand" href="#/home">
        <img src="/key.svg" alt="" /> Latchkey
      </a>
      {PAGES.filter((p) => p.shown(session.user)).map((p) => (
        <a key={p.at} href={`#/${p.at}`} aria-current={p === here ? 'page' : undefined}>
          {p.title}
        </a>
      ))}
      {session.user && (
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      )}
    </nav>
  );
}

export function App() {
  const session = useSession();
  const hash = useHash();
  const here = PAGES.find((p) => p.at === hash) ?? PAGES[0];

  return (
    <>
      <Menu session={session} here={here} />
      <main>{here.page(session)}</main>
    </>
  );
}
