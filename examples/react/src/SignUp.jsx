// SPDX-License-Identifier: MIT
// SignUp.jsx - a new account. No roles are sent: the server gives the default one.
import { useState } from 'react';
import { signUp } from './api.js';
import { Form } from './Form.jsx';

const FIELDS = [
  { name: 'username', label: 'Username', autoComplete: 'username', maxLength: 255 },
  { name: 'email', label: 'E-mail', type: 'email', autoComplete: 'email', maxLength: 255 },
  { name: 'password', label: 'Password', type: 'password', autoComplete: 'new-password', minLength: 8 },
];

export function SignUp() {
  const [done, setDone] = useState('');

  if (done) {
    return (
      <section className="card">
        <h1>Welcome</h1>
        <p className="notice good" role="status">{done}</p>
        <a className="button" href="#/signin">Sign in</a>
      </section>
    );
  }
  return (
    <Form
      title="Sign up"
      button="Create account"
      fields={FIELDS}
      action={async (fields) => setDone((await signUp(fields)).message)}
    >
      <p className="aside">
        An account already? <a href="#/signin">Sign in</a>
      </p>
    </Form>
  );
}
