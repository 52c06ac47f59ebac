// SPDX-License-Identifier: MIT
// Profile.jsx - what the sign-in answered. Of the token only the ends: the page may be on a screen
// that others see.
const ends = (token) => `${token.slice(0, 20)} … ${token.slice(-8)}`;

export function Profile({ user }) {
  if (!user) {
    return (
      <section className="card">
        <h1>Profile</h1>
        <p className="notice bad" role="alert">Nobody is signed in.</p>
        <a className="button" href="#/signin">Sign in</a>
      </section>
    );
  }
  return (
    <section className="card">
      <h1>{user.username}</h1>
      <dl>
        <dt>Id</dt>
        <dd>{user.id}</dd>
        <dt>E-mail</dt>
        <dd>{user.email}</dd>
        <dt>Roles</dt>
        <dd>{user.roles.map((role) => <span key={role} className="tag">{role}</span>)}</dd>
        <dt>Token</dt>
        <dd><code>{ends(user.accessToken)}</code></dd>
      </dl>
    </section>
  );
}
